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

/// All candidates of one length, or a part of them: like a chunk, but of any size.
using Span = Chunk;

/// Where to look, and for how long.
struct Plan {
    Search search{};
    std::vector<Span> spans{};  ///< searched in this order
    std::uint64_t wanted = 1;   ///< how many answers
    /// Computes the hash of an answer from scratch, as bytes. Throws when it does not meet the
    /// goal.
    std::function<std::string(const std::string& suffix)> verify{};
};

struct Found {
    std::string suffix;  ///< of a block header, the nonce as 4 bytes
    std::string digest;  ///< verified
    /// How many candidates come before it, in all spans together.
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
    std::optional<tool::Stopped> stopped{};  ///< why the work ended early, if it did
    int workers = 0;
    std::size_t deaths = 0;

    [[nodiscard]] double rate() const {
        return seconds > 0 ? static_cast<double>(hashes) / seconds : 0;
    }
};

/// Lets the crew search until enough is found, the spans end, `go_on` says no or the work cannot go
/// on. Calls `go_on` at least ten times a second. The answers are the first ones of the plan,
/// whatever the crew. Blocks.
[[nodiscard]] Outcome mine(const Plan& plan, Crew& crew, std::uint64_t chunk_size,
                           const std::function<bool(const Progress&)>& go_on);

/// The hashes a second that this thread alone computes in this search: the best of some short runs,
/// which take some hundredths of a second in all.
[[nodiscard]] double measure_rate(const Plan& plan);

/// A size for chunks that keep a worker busy for some milliseconds. `rate`: see measure_rate().
[[nodiscard]] std::uint64_t chunk_size_for(double rate);

}  // namespace mine
