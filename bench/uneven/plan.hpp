#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "../items.hpp"

/// Items that cost nothing, and behind them some that take long: whoever hands items out by the
/// thousand, as the first ones ask for, gives one worker all of the last.
namespace bench {

constexpr std::size_t trivial = 100'000;
constexpr std::size_t slow = 16;
constexpr std::size_t workers = 8;

/// What an item is told to wait for, in milliseconds.
inline std::vector<double> pauses() {
    std::vector<double> all(trivial + slow, 0);
    std::fill(all.end() - slow, all.end(), 100);
    return all;
}

inline double wait_for(double pause) {
    return pause == 0 ? 0 : slow_square(pause, std::chrono::milliseconds(static_cast<int>(pause)));
}

}  // namespace bench
