#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/client/fork_server.hpp"
#include "engine/client/job.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Calling workers, and looking out for their answers (docs/protocol.md, part 6).
class Calls {
public:
    /// `spins`: there are CPUs enough to look hard for an answer.
    Calls(const Layout& layout, const ForkServer& server, bool spins);

    [[nodiscard]] bool spins() const { return spin_ns_ != 0; }

    /// Rings the doorbell. True if a spinning worker hears it; otherwise parked ones are woken: one
    /// for a caller that waits for the answer, as many as there are items for one that does not.
    [[gnu::hot]] bool call_workers(std::uint64_t items, bool waited) const;

    /// The job takes longer than waking a worker does: calls every worker that can help. Also what
    /// a quiet wait does, whatever was believed before: the worker that was seen spinning may have
    /// been stopped since.
    void escalate(Job& job) const;

    /// Looks for news of a job for a while; true if its bell rang. `until`: set by the first watch
    /// of a wait, which has its answer before it needs a clock if all goes well.
    [[gnu::hot]] bool watch(const os::FutexWord& bell, std::uint32_t heard, bool had_spinner,
                            std::uint64_t& until) const;

private:
    const Layout& layout_;
    const ForkServer& server_;
    const std::uint64_t spin_ns_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
