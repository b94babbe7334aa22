#pragma once

#include <cstdint>

#include "../../apps/mine/goal.hpp"
#include "../../apps/mine/miner.hpp"
#include "../../apps/mine/search.hpp"
#include "../measure.hpp"

namespace bench {

inline constexpr Plan mine_plan{.samples = 5, .warmup = 1};
inline constexpr std::uint64_t candidates = 12'000'000;  // about half a second on one CPU

/// sha256 of the lecture's base and seven letters, in order, for a goal that none of them meets.
inline mine::Plan mine_work() {
    mine::Plan plan;
    plan.search =
        make_search(mine::Strategy::enumerate, mine::zero_bits_goal(mine::Hash::sha256, 64),
                    "I miss DSR already", "abcdefghijklmnopqrstuvwxyz");
    plan.spans = {{.first = 0, .count = candidates, .length = 7}};
    return plan;
}

/// Seconds per candidate, one figure per sample.
template <class F>
std::vector<double> measure_candidates(const Plan& plan, std::uint64_t count, F&& f) {
    std::vector<double> samples = measure(plan, f);
    for (double& sample : samples) {
        sample /= static_cast<double>(count);
    }
    return samples;
}

}  // namespace bench
