#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/seat.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Runs what was claimed in a copy of this worker, a forked child, so that nothing of it stays in
/// the worker (MapOptions::pristine; docs/protocol.md, part 4, "Pristine items").
class Copies {
public:
    explicit Copies(const Seat& seat);

    /// Forks. True in the copy: it is the worker from here on, until it calls end(). Throws
    /// std::system_error where no process can be had.
    [[nodiscard]] bool begin();
    /// In the copy: all of the claim is published. `met_memory_limit`: the worker is to be
    /// replaced.
    [[noreturn]] void end(const Claim& claim, bool met_memory_limit) const noexcept;
    /// In the worker: waits for the end of the copy. Returns what that told end(). If it never got
    /// there, this worker ends as it did.
    [[nodiscard]] bool await(const Claim& claim);

private:
    void become_copy(pid_t worker, std::uint64_t mark) const;
    [[nodiscard]] std::uint64_t done(const Claim& claim, bool met_memory_limit) const;

    const Seat& seat_;
    std::optional<os::StandBack> stand_back_;
    pid_t copy_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
