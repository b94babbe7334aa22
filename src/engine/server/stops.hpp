#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/server/deadlines.hpp"
#include "engine/server/places.hpp"
#include "engine/server/sight.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Stops what runs of jobs that the client has stopped: its items are asked to end, and workers
/// that still run one when its time is over are killed (docs/protocol.md, part 6). A worker that
/// runs an item of another job is never hit.
class Stops {
public:
    Stops(const Layout& layout, Places& places, const Deadlines& deadlines);

    /// `never` while no job is being stopped.
    [[nodiscard]] std::uint64_t next_look() const;
    /// Asks, and kills. `now`: of the last Deadlines::note_time().
    void look(std::uint64_t now);

    /// Was the last process of this place killed because its item was to be stopped?
    [[nodiscard]] bool killed(int worker) const;

private:
    /// What is remembered of a place.
    struct Watch {
        std::uint64_t killed = 0;  // incarnation
        // What made no sense, since when, and what of Deadlines::lost() then.
        Sight nonsense;
        std::uint64_t since = 0;
        std::uint64_t lost = 0;
        // The job of which an item was seen to be stopped, and Deadlines::lost() then.
        std::uint64_t stopping = 0;
        std::uint64_t lost_before = 0;
    };

    /// Is it an item of a job that is to be stopped? Notes when that is to be looked at again.
    [[nodiscard]] bool is_due(int worker, std::uint64_t now);
    [[nodiscard]] std::uint64_t time_of_stop(int worker, const Sight& sight);
    void kill_if_it_still_runs(int worker, std::uint64_t now);
    Watch& watch(int worker) { return watches_[static_cast<std::size_t>(worker)]; }

    const Layout& layout_;
    Places& places_;
    const Deadlines& deadlines_;
    std::vector<Watch> watches_;
    std::uint64_t stops_seen_ = 0;
    std::uint64_t next_look_;
    std::uint64_t interval_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
