#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "engine/server/server.hpp"
#include "engine/shared/times.hpp"
#include "engine/worker/worker.hpp"
#include "os/clock.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Putting processes into vacant places.
namespace engine {
namespace {

/// A pool whose workers cannot be forked for this long, while none is left or one left work behind,
/// is broken.
constexpr std::uint64_t fork_patience = 2'000 * ms;
/// Where forking takes longer than this, a spare is forked ahead.
constexpr std::uint64_t slow_fork = 3 * ms;

}  // namespace

void Server::fill_vacancies() {
    const std::uint64_t now = os::now_ns();
    if (now < retry_fork_at_) {
        return;
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!places_[i].vacant) {
            continue;
        }
        if (fill(static_cast<int>(i))) {
            fork_failing_since_ = 0;
            continue;
        }
        const int error = errno;
        fork_failing_since_ = fork_failing_since_ == 0 ? now : fork_failing_since_;
        const bool any_left = std::any_of(places_.begin(), places_.end(),
                                          [](const Place& place) { return place.pid != 0; });
        // What a dead worker left of its claim nobody else may take.
        const bool stranded = std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
            const Slot& slot = layout_.slot(static_cast<int>(&place - places_.data()));
            return place.vacant && slot.phase.load(std::memory_order_relaxed) == phase::taken;
        });
        if ((!any_left || stranded) && now - fork_failing_since_ > fork_patience) {
            give_up(error);
        }
        retry_fork_at_ = now + 5 * ms;
        return;
    }
    retry_fork_at_ = 0;
    keep_spare();
}

/// Puts a new process into a vacant place. False and errno when it cannot be forked.
bool Server::fill(int worker) {
    Place& place = places_[static_cast<std::size_t>(worker)];
    ServerLine& line = layout_.server_line(worker);
    const std::uint64_t incarnation = line.incarnation.load(std::memory_order_relaxed) + 1;
    pid_t pid = 0;
    if (spare_.pid != 0) {
        pid = spare_.pid;
        line.incarnation.store(incarnation, std::memory_order_release);
        line.pid.store(pid, std::memory_order_release);
        place.pid = pid;
        place.vacant = false;
        const bool sent = os::tell(spare_.orders, static_cast<std::uint32_t>(worker));
        spare_ = {};
        if (!sent) {
            // It is gone or will be: its death is noticed as any worker's.
            os::send_signal(pid, SIGKILL);
        }
        return true;
    }
    const std::uint64_t before = os::now_ns();
    const pid_t self = os::own_pid();
    line.incarnation.store(incarnation, std::memory_order_release);
    pid = os::fork_process();
    if (pid < 0) {
        line.incarnation.store(incarnation - 1, std::memory_order_release);
        return false;
    }
    if (pid == 0) {
        leave_to_worker();
        Worker::live(layout_, worker, self);
    }
    fastest_fork_ = std::min(fastest_fork_, os::now_ns() - before);
    os::make_group_leader(pid);
    line.pid.store(pid, std::memory_order_release);
    place.pid = pid;
    place.vacant = false;
    // The dead may have held the token that kept a client from waking anyone.
    os::futex_wake(layout_.pool().doorbell, 1);
    return true;
}

/// Where forking is slow (a client with much memory), the next worker is forked before it is
/// needed.
void Server::keep_spare() {
    const bool timed = layout_.server().next_look.load(std::memory_order_relaxed) != 0;
    if (fastest_fork_ < slow_fork || spare_.pid != 0 || broken_ || timed) {
        return;
    }
    os::Pipe orders;
    try {
        orders = os::make_pipe();
    } catch (const std::exception&) {
        return;  // no spare, then: workers are forked when they are needed
    }
    const pid_t self = os::own_pid();
    const pid_t pid = os::fork_process();
    if (pid < 0) {
        return;
    }
    if (pid == 0) {
        orders.write_end.reset();
        leave_to_worker();
        os::die_with_parent();
        const std::optional<std::uint32_t> place =
            os::parent_pid() == self ? os::hear(orders.read_end) : std::nullopt;
        if (!place) {
            os::end_process(0);
        }
        orders.read_end.reset();
        Worker::live(layout_, static_cast<int>(*place), self);
    }
    spare_.pid = pid;
    spare_.orders = std::move(orders.write_end);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
