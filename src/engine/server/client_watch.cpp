#include "engine/server/client_watch.hpp"

#include <atomic>
#include <csignal>

#include "engine/server/limits.hpp"
#include "os/process_table.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::uint64_t ClientWatch::next_look(std::uint64_t now) const {
    if (deadlines_.paused()) {
        return now + stopped_watch_interval;
    }
    return watching_ ? last_look_ + watch_interval : never;
}

bool ClientWatch::has_work() const { return layout_.pool().active.any(); }

/// Without work nothing has to stop with the client: this process sleeps until the client pokes it
/// at the next job.
void ClientWatch::decide_to_watch() {
    const std::uint64_t now = os::now_ns();
    std::atomic<std::uint32_t>& watching = layout_.server().watching;
    if (has_work()) {
        last_work_ = now;
    }
    const bool worth_it = now - last_work_ <= watch_time_after_work;
    if (watching_ && !worth_it) {
        watching.store(0, std::memory_order_seq_cst);
        watching_ = has_work();  // a job that came meanwhile saw the old word, or is seen here
    } else {
        watching_ = worth_it;
    }
    if (watching_ && watching.load(std::memory_order_relaxed) == 0) {
        watching.store(1, std::memory_order_seq_cst);
    }
}

void ClientWatch::follow_stops() {
    decide_to_watch();
    const std::uint64_t now = os::now_ns();
    if (!deadlines_.paused() && (!watching_ || now - last_look_ < watch_interval)) {
        return;
    }
    last_look_ = now;
    const bool stopped = os::run_state(client_) == os::RunState::stopped;
    if (stopped == deadlines_.paused()) {
        return;
    }
    if (stopped) {
        deadlines_.pause(now);
    } else {
        deadlines_.resume(now);
    }
    places_.signal_groups(stopped ? SIGSTOP : SIGCONT);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
