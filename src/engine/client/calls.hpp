#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/client/fork_server.hpp"
#include "engine/client/job.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Calls workers, and watches for their answers (docs/protocol.md, part 6).
class Calls {
public:
    /// `spins`: there are enough CPUs to spin while waiting.
    Calls(const Layout& layout, const ForkServer& server, bool spins);

    [[nodiscard]] bool spins() const { return spin_ns_ != 0; }

    /// Rings the doorbell. True if a spinning worker hears it. A caller that waits for the answer
    /// wakes one parked worker if none spins; one that does not wait wakes as many as there are
    /// items.
    [[gnu::hot]] bool call_workers(std::uint64_t items, bool waited) const;

    /// The same for items that a job under way was fed. While answers come within microseconds a
    /// worker more would cost more than it helps. Otherwise, and after a while without items, as
    /// many are called as there are items.
    void call_workers_of_fed(Job& job, std::uint64_t items, std::uint64_t now) const;

    /// Calls more workers, because the job takes longer than waking one: first as many as there are
    /// items to claim, then those too that other workers may give items to. A wait that hears
    /// nothing does so too: the worker that was seen spinning may have been stopped since.
    void escalate(Job& job) const;
    /// Are there more workers to call for a job whose bell rings, and was it a while ago that more
    /// were called?
    [[nodiscard]] static bool may_escalate(const Job& job);

    /// Watches a job's bell for a while; true if it rang. `until`: when the watching of this wait
    /// ends; 0 at the first watch, which sets it.
    [[gnu::hot]] bool watch(const os::FutexWord& bell, std::uint32_t heard, bool had_spinner,
                            std::uint64_t& until) const;

private:
    const Layout& layout_;
    const ForkServer& server_;
    const std::uint64_t spin_ns_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
