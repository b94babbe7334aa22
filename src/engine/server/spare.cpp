#include "engine/server/spare.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>

#include "engine/worker/worker.hpp"
#include "os/fork.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void Spare::note_fork_time(std::uint64_t ns) { fastest_fork_ = std::min(fastest_fork_, ns); }

void Spare::keep() {
    if (!is_wanted()) {
        return;
    }
    os::Pipe place;
    try {
        place = os::make_pipe();
    } catch (const std::exception&) {
        return;
    }
    const pid_t self = os::own_pid();
    const pid_t pid = os::fork_process();
    if (pid < 0) {
        return;
    }
    if (pid == 0) {
        place.write_end.reset();
        await_place(std::move(place.read_end), self);
    }
    pid_ = pid;
    layout_.server().spare.store(pid, std::memory_order_relaxed);
    place_ = std::move(place.write_end);
}

/// The life of the spare until it becomes a worker.
void Spare::await_place(os::Fd place, pid_t server) {
    handles_.give_up_in_worker();
    os::die_with_parent();
    const std::optional<std::uint32_t> worker =
        os::parent_pid() == server ? os::hear(place) : std::nullopt;
    if (!worker) {
        os::end_process(0);
    }
    place.reset();
    Worker::live(layout_, static_cast<int>(*worker), server);
}

void Spare::send_to(int worker) {
    const pid_t pid = pid_;
    const bool sent = os::tell(place_, static_cast<std::uint32_t>(worker));
    forget();
    if (!sent) {
        // It has ended or will: that is noticed like any worker's death.
        os::send_signal(pid, SIGKILL);
    }
}

bool Spare::forget_if(pid_t reaped) {
    if (reaped != pid_) {
        return false;
    }
    forget();
    return true;
}

void Spare::kill() const { os::send_signal(pid_, SIGKILL); }

void Spare::reap() {
    if (pid_ != 0) {
        os::reap(pid_);
    }
    forget();
}

void Spare::forget() {
    pid_ = 0;
    layout_.server().spare.store(0, std::memory_order_relaxed);
    place_.reset();
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
