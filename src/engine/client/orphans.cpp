#include "engine/client/orphans.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>

#include "os/address_space.hpp"
#include "os/polling.hpp"
#include "os/process_table.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

std::uintptr_t address_of(const void* object) { return reinterpret_cast<std::uintptr_t>(object); }

/// What a process has mapped at these two addresses.
struct View {
    os::MappedRange pool;
    os::MappedRange slot;
};
View view_of(const char* maps, const Layout& layout, int worker) {
    View view;
    const std::uintptr_t pool = address_of(&layout.pool());
    const std::uintptr_t slot = address_of(&layout.slot(worker));
    os::MapsReader reader(maps);
    while (const std::optional<os::MappedRange> range = reader.next()) {
        if (range->begin <= pool && pool < range->end) {
            view.pool = *range;
        }
        if (range->begin <= slot && slot < range->end) {
            view.slot = *range;
        }
    }
    return view;
}

/// Is it that worker, or a copy of it that a task forked? Nobody else may write that slot and not
/// the pool page.
bool is_of_worker(pid_t pid, const Layout& layout, int worker) {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/maps", pid);
    const View theirs = view_of(path.data(), layout, worker);
    const View ours = view_of("/proc/self/maps", layout, worker);
    const auto same_file = [](const os::MappedRange& a, const os::MappedRange& b) {
        return a.shared && b.shared && a.inode != 0 && a.inode == b.inode && a.device == b.device;
    };
    return same_file(theirs.pool, ours.pool) && !theirs.pool.writable &&
           same_file(theirs.slot, ours.slot) && theirs.slot.writable;
}

/// One pass. False if there was nothing to kill.
bool kill_what_is_there(const Layout& layout, const std::map<pid_t, int>& workers) {
    bool any = false;
    for (const os::ProcessState& process : os::processes_in_table()) {
        const auto worker = workers.find(process.group);
        if (worker == workers.end()) {
            continue;
        }
        // Whose number it is when this is opened is looked at afterwards, and that one is killed.
        const os::Fd pidfd = os::open_pidfd(process.number);
        if (pidfd && is_of_worker(process.number, layout, worker->second)) {
            os::send_signal(pidfd, SIGKILL);
            any = true;
        }
    }
    return any;
}

}  // namespace

void kill_what_workers_left(const Layout& layout) noexcept {
    constexpr int most_passes = 20;  // they may fork meanwhile
    try {
        if (os::depth_below_table() != std::size_t{0}) {
            return;
        }
        std::map<pid_t, int> workers;
        for (int worker = 0; worker < layout.workers(); ++worker) {
            workers[layout.server_line(worker).pid.load()] = worker;
        }
        workers.erase(0);
        for (int pass = 0; pass < most_passes && kill_what_is_there(layout, workers); ++pass) {
        }
    } catch (const std::exception&) {
        // No memory to look for them.
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
