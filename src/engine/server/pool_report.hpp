#pragma once

#include <cstdint>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/server/places.hpp"
#include "engine/server/recovery.hpp"
#include "engine/shared/layout.hpp"
#include "engine/shared/timeline.hpp"
#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Whether the pool is ready, broken or has ended, and how its client is told. And what else it is
/// told for its stats and its timeline.
class PoolReport {
public:
    PoolReport(const Layout& layout, Places& places);

    [[nodiscard]] bool broken() const { return broken_; }

    /// Tells the client. `error` is the errno behind it, or 0.
    void announce(ServerState state, int error) const;
    /// The last write to the region: from then on the client may use the memory for something else.
    void announce_end() const;

    /// Breaks the pool: it gets no more workers. Kills those that are left, since nobody needs
    /// their results.
    void break_pool(int error);

    /// A place was filled, which began at that time.
    void note_fork(int worker, std::uint64_t began);
    /// A worker died whose end no item's failure tells of. `tries`: of the item that it ran, which
    /// is tried again; 0: it ran none.
    void note_death(pid_t worker, const os::Ending& ending, std::uint64_t item,
                    std::uint64_t tries);
    /// A worker is dead: counts it, and keeps what it and those before it have counted. Call it
    /// before its place is filled. `by_plan`: it was asked to end.
    void note_end(int worker, const Recovery::Finding& finding, bool by_plan) const;

private:
    const Layout& layout_;
    Places& places_;
    TimelineWriter timeline_;
    bool broken_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
