#include "engine/server/places.hpp"

#include <algorithm>
#include <csignal>

#include "engine/server/limits.hpp"
#include "os/clock.hpp"
#include "os/process_table.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Places::Places(const Layout& layout)
    : layout_(layout), places_(static_cast<std::size_t>(layout.workers())) {}

std::optional<int> Places::find(pid_t pid) const {
    const auto place = std::find_if(places_.begin(), places_.end(),
                                    [&](const Place& each) { return each.pid == pid; });
    return place == places_.end() ? std::nullopt
                                  : std::optional(static_cast<int>(place - places_.begin()));
}

bool Places::any(Place::State state) const {
    return std::any_of(places_.begin(), places_.end(),
                       [&](const Place& place) { return place.state == state; });
}

std::uint64_t Places::incarnation(int worker) const {
    return layout_.server_line(worker).incarnation.load(std::memory_order_relaxed);
}

void Places::begin_incarnation(int worker) {
    layout_.server_line(worker).born_ns.store(os::now_ns(), std::memory_order_relaxed);
    layout_.server_line(worker).incarnation.store(incarnation(worker) + 1,
                                                  std::memory_order_release);
}

void Places::cancel_incarnation(int worker) {
    layout_.server_line(worker).incarnation.store(incarnation(worker) - 1,
                                                  std::memory_order_release);
}

void Places::enter(int worker, pid_t pid) {
    layout_.server_line(worker).pid.store(pid, std::memory_order_release);
    (*this)[worker] = {.state = Place::State::held, .pid = pid, .killed_at = 0};
}

void Places::kill(int worker) {
    Place& place = (*this)[worker];
    kill_group(worker);
    os::send_signal(place.pid, SIGKILL);
    if (place.pid != 0 && place.killed_at == 0) {
        place.killed_at = os::now_ns();
    }
}

void Places::kill_all() {
    for (int worker = 0; worker < count(); ++worker) {
        kill(worker);
    }
}

void Places::kill_group(int worker) const {
    os::send_signal_to_group((*this)[worker].pid, SIGKILL);
}

void Places::signal_groups(int signal) const {
    for (const Place& place : places_) {
        os::send_signal_to_group(place.pid, signal);
    }
}

os::Ending Places::reap(int worker) {
    const os::Ending ending = os::reap((*this)[worker].pid);
    (*this)[worker] = {.state = Place::State::ended};
    return ending;
}

bool Places::is_stuck(int worker, std::uint64_t now) const {
    const Place& place = (*this)[worker];
    return place.killed_at != 0 && now >= place.killed_at + write_off_time &&
           (now >= place.killed_at + longest_death || os::is_uninterruptible(place.pid));
}

os::Ending Places::write_off(int worker) {
    Place& place = (*this)[worker];
    written_off_.push_back(place.pid);
    const os::Ending ending{.pid = place.pid, .signal = SIGKILL, .status = 0};
    place = {.state = Place::State::ended};
    return ending;
}

bool Places::is_written_off(pid_t pid) const {
    return std::find(written_off_.begin(), written_off_.end(), pid) != written_off_.end();
}

void Places::forget_if_written_off(pid_t pid) { std::erase(written_off_, pid); }

void Places::reap_all() {
    for (int worker = 0; worker < count(); ++worker) {
        Place& place = (*this)[worker];
        while (place.pid != 0 && !os::reap_until(place.pid, os::now_ns() + dying_interval) &&
               os::is_child(place.pid) && !is_stuck(worker, os::now_ns())) {
        }
        place = {};
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
