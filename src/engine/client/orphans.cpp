#include "engine/client/orphans.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "engine/shared/times.hpp"
#include "os/address_space.hpp"
#include "os/clock.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/process_table.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

std::uintptr_t address_of(const void* object) { return reinterpret_cast<std::uintptr_t>(object); }

bool contains(const os::MappedRange& range, std::uintptr_t address) {
    return range.begin <= address && address < range.end;
}

bool is_same_file(const os::MappedRange& a, const os::MappedRange& b) {
    return a.shared && b.shared && a.inode != 0 && a.inode == b.inode && a.device == b.device;
}

/// What this process has mapped at the pool page; nothing when /proc does not tell.
std::optional<os::MappedRange> own_pool_page(const Layout& layout) {
    os::MapsReader reader("/proc/self/maps");
    while (std::optional<os::MappedRange> range = reader.next()) {
        if (contains(*range, address_of(&layout.pool()))) {
            range->name = {};
            return range;
        }
    }
    return std::nullopt;
}

/// Is it a worker, or a copy of one that a task forked? Nobody else may write one of the slots and
/// not the pool page.
bool is_of_worker(const char* maps, const Layout& layout, const os::MappedRange& pool_page) {
    const std::uintptr_t first_slot = address_of(&layout.slot(0));
    const std::uintptr_t last_slot = address_of(&layout.slot(layout.workers() - 1));
    bool reads_pool_page = false;
    bool writes_slot = false;
    os::MapsReader reader(maps);
    for (auto range = reader.next(); range && range->begin <= last_slot; range = reader.next()) {
        const bool same = is_same_file(*range, pool_page);
        if (contains(*range, address_of(&layout.pool()))) {
            reads_pool_page = same && !range->writable;
        } else if (range->begin <= last_slot && range->end > first_slot) {
            writes_slot = writes_slot || (same && range->writable);
        }
    }
    return reads_pool_page && writes_slot;
}

/// A number that was a process's of a pool, if it is a child of this one now.
void reap_if_adopted(pid_t pid) {
    const auto state = os::state_of_process(pid);
    if (state && state->parent == os::own_pid() &&
        std::string_view(state->name.data()).starts_with("procpool ")) {
        os::reap_until(pid, os::now_ns() + slice);
    }
}

/// One pass. False if there was nothing to kill.
bool kill_what_is_there(const Layout& layout, const os::MappedRange& pool_page, std::size_t depth) {
    bool any = false;
    const auto self = os::state_of_process("self");
    for (const os::ProcessState& process : os::processes_in_table()) {
        // Workers are younger than the program that has the pool. To ask others costs, and the
        // answer may have to wait for what they wait for.
        if (self && process.started < self->started) {
            continue;
        }
        const std::string maps = "/proc/" + std::to_string(process.number) + "/maps";
        if (!is_of_worker(maps.c_str(), layout, pool_page)) {
            continue;
        }
        // Whose number it is when this is opened is looked at afterwards, and that one is killed.
        const os::Fd pidfd = os::open_pidfd(os::number_here(process.number, depth));
        if (pidfd && is_of_worker(maps.c_str(), layout, pool_page)) {
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
        const std::optional<std::size_t> depth = os::depth_below_table();
        const std::optional<os::MappedRange> pool_page = own_pool_page(layout);
        for (int pass = 0; depth && pool_page && pass < most_passes &&
                           kill_what_is_there(layout, *pool_page, *depth);
             ++pass) {
        }
    } catch (const std::exception&) {
        // No memory to look for them.
    }
}

void reap_adopted_workers(const Layout& layout) noexcept {
    if (os::depth_below_table() != std::size_t{0}) {
        return;
    }
    for (int worker = 0; worker < layout.workers(); ++worker) {
        reap_if_adopted(layout.server_line(worker).pid.load());
    }
    reap_if_adopted(layout.server().spare.load());
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
