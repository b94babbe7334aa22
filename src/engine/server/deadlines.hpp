#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/server/places.hpp"
#include "engine/server/sight.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The deadlines of the items that run in jobs with a timeout: workers that are overdue are
/// condemned and killed (docs/protocol.md, part 6). What a worker's slot says is a hint; since when
/// it says so is kept here. Time that the workers spend stopped does not count.
class Deadlines {
public:
    Deadlines(const Layout& layout, Places& places);

    /// Whether any job had a timeout at the last look.
    [[nodiscard]] bool any() const;
    /// When the earliest possible deadline comes.
    [[nodiscard]] std::uint64_t next_look() const;
    /// Condemns and kills overdue workers, and tells the client when the next look is. `now`: of
    /// the last note_time().
    void look(std::uint64_t now);

    /// Was the last process of this place killed for its time?
    [[nodiscard]] bool condemned(int worker) const;

    /// The workers are about to be stopped: until they continue, none is overdue.
    void pause(std::uint64_t now);
    /// They are about to continue: the time they lost is added to their deadlines.
    void resume(std::uint64_t now);
    /// Since the last call the fork server wanted to sleep for so long at most, in ns; `never`: for
    /// as long as nothing happens. If much more time has passed that it did not compute either, it
    /// was stopped, and likely all the others too: a frozen container, a suspended job. Returns the
    /// time.
    std::uint64_t note_time(std::uint64_t wanted);
    [[nodiscard]] bool paused() const { return paused_at_ != 0; }
    /// How long everything has stood still so far, in ns.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

private:
    /// What is remembered of a place.
    struct Watch {
        Sight sight;
        std::uint64_t before = 0;     // when it was looked at last and something else was seen
        std::uint64_t since = 0;      // when this was seen first
        std::uint64_t last = 0;       // when this was seen last
        std::uint64_t stopped = 0;    // ns of it that do not count
        std::uint64_t condemned = 0;  // incarnation
        std::uint64_t kill_at = 0;    // it is killed then, if it lives
    };
    enum class Says {
        nothing_runs,  ///< that has a timeout
        timed_item,
        nonsense,  ///< or it is between two of its words
    };
    [[nodiscard]] Sight sight_of(int worker) const { return Sight::of(layout_, places_, worker); }
    Watch& update(int worker, std::uint64_t now);
    [[nodiscard]] Says what_it_says(const Sight& sight) const;
    [[nodiscard]] std::uint64_t look_at(int worker, std::uint64_t now, std::uint64_t shortest);
    void condemn(int worker, Watch& watch);
    void ask(int worker, Watch& watch, std::uint64_t now);
    std::uint64_t kill_if_asked(int worker, std::uint64_t now);
    std::uint64_t kill_asked(std::uint64_t now);

    const Layout& layout_;
    Places& places_;
    std::vector<Watch> watches_;
    std::uint64_t paused_at_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t woken_ = 0;  // from its last sleep without an end: no item had a timeout
    // At the last note_time().
    std::uint64_t noted_ = 0;
    std::uint64_t cpu_noted_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
