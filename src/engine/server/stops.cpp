#include "engine/server/stops.hpp"

#include <algorithm>
#include <csignal>

#include "engine/server/asking.hpp"
#include "engine/server/limits.hpp"
#include "os/clock.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Stops::Stops(const Layout& layout, Places& places, const Deadlines& deadlines)
    : layout_(layout),
      places_(places),
      deadlines_(deadlines),
      watches_(static_cast<std::size_t>(places.count())),
      next_look_(never) {}

std::uint64_t Stops::next_look() const { return deadlines_.paused() ? never : next_look_; }

void Stops::look(std::uint64_t now) {
    const std::uint64_t stops = layout_.pool().stops.load(std::memory_order_seq_cst);
    if (stops != stops_seen_) {
        stops_seen_ = stops;
        interval_ = first_stop_interval;
    } else if (next_look_ > now) {
        return;
    }
    if (deadlines_.paused()) {
        next_look_ = now;  // once they continue
        return;
    }
    next_look_ = never;
    std::vector<int> due;
    for (int worker = 0; worker < places_.count(); ++worker) {
        if (places_[worker].pid != 0 && !killed(worker) && is_due(worker, now)) {
            due.push_back(worker);
        }
    }
    if (next_look_ != never) {
        // An item may begin between two looks.
        next_look_ = std::min(next_look_, now + interval_);
        interval_ = std::min(2 * interval_, longest_stop_interval);
    }
    // All at once: each takes as long as its process needs to notice.
    for (const int worker : due) {
        os::send_signal(places_[worker].pid, SIGSTOP);
    }
    for (const int worker : due) {
        kill_if_it_still_runs(worker, now);
    }
}

bool Stops::killed(int worker) const {
    return watches_[static_cast<std::size_t>(worker)].killed == places_.incarnation(worker);
}

bool Stops::is_due(int worker, std::uint64_t now) {
    const Sight sight = Sight::of(layout_, places_, worker);
    Watch& of = watch(worker);
    if (sight.phase == phase::idle && !is_running(sight.current)) {
        of.since = 0;
        return false;
    }
    if (!sight.makes_sense(layout_)) {
        next_look_ = std::min(next_look_, now + interval_);
        if (of.since == 0 || of.nonsense != sight || of.lost != deadlines_.lost()) {
            of.nonsense = sight;
            of.since = now;
            of.lost = deadlines_.lost();
        }
        return now - of.since > longest_nonsense;
    }
    of.since = 0;
    const std::uint64_t until = time_of_stop(worker, sight);
    if (until == never) {
        return false;
    }
    next_look_ = std::min(next_look_, now + interval_);
    if (!is_running(sight.current)) {
        return false;
    }
    ask_to_stop(layout_, worker, sight);
    if (until > now) {
        next_look_ = std::min(next_look_, until);
    }
    return until <= now;
}

/// When what runs there is to be killed; `never` if its job is not being stopped. Time in which
/// everything stood still does not count.
std::uint64_t Stops::time_of_stop(int worker, const Sight& sight) {
    const JobPage& page = layout_.job(sight.claim.job);
    const std::uint64_t stop_at = page.stop_at.load(std::memory_order_acquire);
    if (stop_at == 0 || page.serial.load(std::memory_order_acquire) != sight.claim.serial) {
        return never;
    }
    Watch& of = watch(worker);
    if (of.stopping != sight.claim.serial) {
        of.stopping = sight.claim.serial;
        of.lost_before = deadlines_.lost();
    }
    return stop_at + (deadlines_.lost() - of.lost_before);
}

/// It is about to stand still. What its slot says then is so.
void Stops::kill_if_it_still_runs(int worker, std::uint64_t now) {
    const pid_t pid = places_[worker].pid;
    os::await_stop(pid, now + longest_wait_for_a_stop);
    const Sight sight = Sight::of(layout_, places_, worker);
    if (!sight.makes_sense(layout_)) {
        // Its task wrote there. That one may be what is to be stopped.
        if (sight == watch(worker).nonsense) {
            return places_.kill(worker);
        }
    } else if (is_running(sight.current) && time_of_stop(worker, sight) <= now) {
        watch(worker).killed = places_.incarnation(worker);
        return places_.kill(worker);
    }
    os::send_signal(pid, SIGCONT);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
