#include "support/processes.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <ostream>
#include <sstream>
#include <string_view>

#include <sys/syscall.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/sanitized.hpp"

namespace support {
namespace {

std::string proc_file(pid_t pid, const char* name) {
    return content_of("/proc/" + std::to_string(pid) + "/" + name);
}

/// What follows the name of the program, which may hold any character, in /proc/PID/stat.
std::istringstream fields_of(pid_t pid) {
    const std::string stat = proc_file(pid, "stat");
    const auto after_name = stat.rfind(')');
    return std::istringstream(after_name == std::string::npos ? "" : stat.substr(after_name + 1));
}

}  // namespace

std::optional<Process> look_up(pid_t pid) {
    Process process{.pid = pid};
    std::istringstream fields = fields_of(pid);
    if (!(fields >> process.state >> process.parent >> process.group >> process.session)) {
        return std::nullopt;
    }
    return process;
}

bool kill_child(pid_t pid, pid_t parent) {
    // The number cannot pass to another process between the look and the signal.
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) {
        return false;
    }
    const auto found = look_up(pid);
    const bool killed = found && found->parent == parent && found->runs() &&
                        ::syscall(SYS_pidfd_send_signal, process, SIGKILL, nullptr, 0) == 0;
    ::close(process);
    return killed;
}

std::vector<pid_t> all_pids() {
    std::vector<pid_t> pids;
    for (const std::string& name : entries_of("/proc")) {
        if (name.find_first_not_of("0123456789") == std::string::npos) {
            pids.push_back(static_cast<pid_t>(std::stol(name)));
        }
    }
    return pids;
}

bool exists(pid_t pid) { return look_up(pid).has_value(); }

bool runs(pid_t pid) {
    const auto process = look_up(pid);
    return process && process->runs();
}

bool may_act(pid_t pid) {
    if (!runs(pid)) {
        return false;
    }
    std::istringstream status(proc_file(pid, "status"));
    for (std::string word; status >> word;) {
        std::uint64_t pending = 0;
        if ((word == "SigPnd:" || word == "ShdPnd:") && status >> std::hex >> pending &&
            (pending >> 8 & 1) != 0) {
            return false;
        }
    }
    constexpr std::uint64_t exiting = 4;  // PF_EXITING of the kernel's task flags
    std::istringstream fields = fields_of(pid);
    std::string skipped;
    for (int field = 0; field < 6; ++field) {
        fields >> skipped;
    }
    std::uint64_t flags = 0;
    return fields >> flags && (flags & exiting) == 0;
}

bool is_stopped(pid_t pid) {
    const auto process = look_up(pid);
    return process && process->state == 'T';
}

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    for (const pid_t each : all_pids()) {
        if (const auto process = look_up(each); process && process->parent == pid) {
            children.push_back(each);
        }
    }
    return children;
}

std::vector<pid_t> own_children() { return children_of(::getpid()); }

std::vector<pid_t> workers_of(pid_t client) {
    std::vector<pid_t> workers;
    for (const pid_t server : children_of(client)) {
        for (const pid_t worker : children_of(server)) {
            workers.push_back(worker);
        }
    }
    return workers;
}

std::vector<pid_t> marked_with(const std::string& mark) {
    std::vector<pid_t> found;
    for (const pid_t pid : all_pids()) {
        if (proc_file(pid, "environ").find(mark) != std::string::npos) {
            found.push_back(pid);
        }
    }
    return found;
}

long sleeps(pid_t pid) {
    const std::string status = proc_file(pid, "status");
    constexpr std::string_view key = "\nvoluntary_ctxt_switches:";
    const auto at = status.find(key);
    return at == std::string::npos ? 0 : std::stol(status.substr(at + key.size()));
}

bool rests(pid_t pid, std::chrono::steady_clock::duration time) {
    const long before = sleeps(pid);
    const auto wakes = [&] {
        const auto process = look_up(pid);
        return !process || process->state != 'S' || sleeps(pid) != before;
    };
    return !eventually(wakes, time);
}

std::chrono::nanoseconds cpu_time(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        return {};
    }
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Holdings::Holdings()
    : descriptors(entries_of("/proc/self/fd")),
      children(own_children()),
      threads(entries_of("/proc/self/task").size()) {
    if (!sanitized) {  // a sanitizer's allocator maps as it pleases
        const std::string maps = content_of("/proc/self/maps");
        mappings = static_cast<std::size_t>(std::count(maps.begin(), maps.end(), '\n'));
    }
}

void PrintTo(const Holdings& held, std::ostream* out) {
    *out << held.descriptors.size() << " descriptors, " << held.mappings << " mappings, "
         << held.children.size() << " children, " << held.threads << " threads";
}

}  // namespace support
