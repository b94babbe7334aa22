#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crew.hpp"
#include "search.hpp"
#include "tool/exit.hpp"

namespace mine {

/// Candidates in a row: numbers [first, first + count) of suffixes of `length` letters.
using Span = Chunk;

/// Where to look, and for how long.
struct Plan {
    Search search{};
    std::vector<Span> spans{};  ///< in this order
    std::uint64_t wanted = 1;   ///< answers
    /// The answer's hash as bytes, from scratch; throws when it does not meet the goal.
    std::function<std::string(const std::string& suffix)> verify{};
};

struct Found {
    std::string suffix;  ///< or the nonce, as its 4 bytes
    std::string digest;  ///< verified
    /// Candidates that come before it, over all spans.
    double before = 0;
};

struct Progress {
    std::uint64_t hashes = 0;  ///< computed and reported so far
    double seconds = 0;        ///< since the first chunk was given
};

struct Outcome {
    std::vector<Found> found{};
    std::uint64_t hashes = 0;
    double seconds = 0;
    bool interrupted = false;
    std::optional<tool::Stopped> stopped{};  ///< why it ended before its time, if it did
    int workers = 0;
    std::size_t deaths = 0;

    [[nodiscard]] double rate() const {
        return seconds > 0 ? static_cast<double>(hashes) / seconds : 0;
    }
};

/// Has the crew look until enough is found, the spans end or `go_on`, called at least ten times a
/// second, says no, or the work cannot go on. The same answers from any crew: the first ones of the
/// plan.
[[nodiscard]] Outcome mine(const Plan& plan, Crew& crew, std::uint64_t chunk_size,
                           const std::function<bool(const Progress&)>& go_on);

/// Hashes a second that one thread of this process computes of this search, alone: the best of
/// some short runs, some hundredths of a second in all.
[[nodiscard]] double measure_rate(const Plan& plan);

/// So many hashes take a worker some milliseconds.
[[nodiscard]] std::uint64_t chunk_size_for(double rate);

}  // namespace mine
