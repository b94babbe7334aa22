#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <new>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/// What the tests of life and death look at: memory that every forked process shares, and the
/// kernel's process table. Without GoogleTest, for the helper programs too.
#include "../sanitized.hpp"

namespace life {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

inline double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

/// A T that this process shares with all that it forks from now on.
template <class T>
class Shared {
public:
    Shared() {
        void* data =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (data == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), "mmap");
        }
        object_ = new (data) T();
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { ::munmap(object_, sizeof(T)); }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    T* get() const { return object_; }

private:
    T* object_;
};

/// Pids that processes of a test report.
class Roll {
public:
    void call(pid_t pid) {
        const std::size_t place = count_.fetch_add(1);
        if (place < pids_.size()) {
            pids_[place].store(pid);
        }
    }
    void clear() {
        count_ = 0;
        for (auto& pid : pids_) {
            pid = 0;
        }
    }
    [[nodiscard]] std::size_t size() const { return std::min(count_.load(), pids_.size()); }
    [[nodiscard]] std::vector<pid_t> pids() const {
        std::vector<pid_t> all;
        for (std::size_t i = 0; i < size(); ++i) {
            if (const pid_t pid = pids_[i].load(); pid != 0) {
                all.push_back(pid);
            }
        }
        return all;
    }

private:
    std::atomic<std::size_t> count_{0};
    std::array<std::atomic<pid_t>, 64> pids_{};
};

/// A line of the process table.
struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    char state = '?';

    [[nodiscard]] bool runs() const { return state != 'Z' && state != 'X'; }
};

/// Empty if the file cannot be read: a process may end between the opening of its file and the
/// reading, which then fails.
inline std::string content_of(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    return content.str();
}

inline std::optional<Process> look_up(pid_t pid) {
    const std::string stat = content_of("/proc/" + std::to_string(pid) + "/stat");
    const auto after_name = stat.rfind(')');
    if (after_name == std::string::npos) {
        return std::nullopt;
    }
    Process process{.pid = pid};
    std::istringstream fields(stat.substr(after_name + 1));
    fields >> process.state >> process.parent >> process.group >> process.session;
    return process;
}

/// In the process table at all, be it as a zombie.
inline bool exists(pid_t pid) { return look_up(pid).has_value(); }
inline bool runs(pid_t pid) {
    const auto process = look_up(pid);
    return process && process->runs();
}

/// Runs and was not told by SIGKILL to end: it may do something yet.
inline bool may_act(pid_t pid) {
    if (!runs(pid)) {
        return false;
    }
    std::istringstream status(content_of("/proc/" + std::to_string(pid) + "/status"));
    for (std::string word; status >> word;) {
        std::uint64_t pending = 0;
        if ((word == "SigPnd:" || word == "ShdPnd:") && status >> std::hex >> pending &&
            (pending >> 8 & 1) != 0) {
            return false;
        }
    }
    constexpr std::uint64_t exiting = 4;  // PF_EXITING of the kernel's task flags
    const std::string stat = content_of("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::uint64_t flags = 0;
    std::string skipped;
    for (int field = 0; field < 6; ++field) {
        fields >> skipped;
    }
    return fields >> flags && (flags & exiting) == 0;
}
inline bool is_stopped(pid_t pid) {
    const auto process = look_up(pid);
    return process && process->state == 'T';
}

inline std::vector<std::string> entries_of(const std::string& directory) {
    std::vector<std::string> names;
    if (DIR* open = ::opendir(directory.c_str())) {
        while (const dirent* entry = ::readdir(open)) {
            if (entry->d_name[0] != '.') {
                names.emplace_back(entry->d_name);
            }
        }
        ::closedir(open);
    }
    std::sort(names.begin(), names.end());
    return names;
}

inline std::vector<pid_t> all_pids() {
    std::vector<pid_t> pids;
    for (const std::string& name : entries_of("/proc")) {
        if (name.find_first_not_of("0123456789") == std::string::npos) {
            pids.push_back(static_cast<pid_t>(std::stol(name)));
        }
    }
    return pids;
}

/// The processes that run with `mark` in the environment with which they, or whoever they were
/// forked off, were started: nothing that a process does with groups, sessions and parents hides
/// it.
inline std::vector<pid_t> marked_with(const std::string& mark) {
    std::vector<pid_t> found;
    for (const pid_t pid : all_pids()) {
        if (content_of("/proc/" + std::to_string(pid) + "/environ").find(mark) !=
            std::string::npos) {
            found.push_back(pid);
        }
    }
    return found;
}

/// The children of this process, zombies too.
inline std::vector<pid_t> own_children() {
    std::vector<pid_t> children;
    for (const pid_t pid : all_pids()) {
        if (const auto process = look_up(pid); process && process->parent == ::getpid()) {
            children.push_back(pid);
        }
    }
    return children;
}

/// What a process could leak.
struct Holdings {
    std::vector<std::string> descriptors = entries_of("/proc/self/fd");
    std::size_t mappings = 0;
    std::vector<pid_t> children = own_children();
    std::size_t threads = entries_of("/proc/self/task").size();

    Holdings() {
        if (sanitized) {
            return;  // its allocator maps as it pleases
        }
        std::istringstream maps(content_of("/proc/self/maps"));
        for (std::string line; std::getline(maps, line);) {
            ++mappings;
        }
    }
    friend bool operator==(const Holdings&, const Holdings&) = default;
    friend void PrintTo(const Holdings& held, std::ostream* out) {
        *out << held.descriptors.size() << " descriptors, " << held.mappings << " mappings, "
             << held.children.size() << " children, " << held.threads << " threads";
    }
};

/// How a forked child ends, as waitpid tells: 0 if `act` returns true there.
template <class Act>
int status_of_child(Act act) {
    const pid_t child = ::fork();
    if (child == 0) {
        bool good = false;
        try {
            good = act();
        } catch (const std::exception& e) {
            std::cerr << "child: " << e.what() << '\n';
        }
        std::_Exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

/// Looks until the condition holds, at most `bound` long. True if it came to hold.
template <class Condition>
bool eventually(Condition&& condition, Clock::duration bound = 10s) {
    for (const auto until = Clock::now() + bound;;) {
        if (condition()) {
            return true;
        }
        if (Clock::now() > until) {
            return false;
        }
        ::usleep(200);
    }
}

/// How often the process went to sleep.
inline long sleeps(pid_t pid) {
    const std::string status = content_of("/proc/" + std::to_string(pid) + "/status");
    constexpr std::string_view key = "\nvoluntary_ctxt_switches:";
    const auto at = status.find(key);
    return at == std::string::npos ? 0 : std::stol(status.substr(at + key.size()));
}
/// It sleeps, and does not wake for so long.
inline bool rests(pid_t pid, Clock::duration time) {
    const long before = sleeps(pid);
    const auto wakes = [&] {
        const auto process = look_up(pid);
        return !process || process->state != 'S' || sleeps(pid) != before;
    };
    return !eventually(wakes, time);
}
/// How long it has computed so far.
inline std::chrono::nanoseconds cpu_time(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        return {};
    }
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Waits for ever, whatever signal comes.
[[noreturn]] inline void wait_for_ever() {
    for (;;) {
        ::pause();
    }
}

/// Computes for ever.
[[noreturn]] inline void spin_for_ever() {
    for (std::atomic<std::uint64_t> turns{0};;) {
        turns.fetch_add(1, std::memory_order_relaxed);
    }
}

/// Processes a task may start: a child in its own group, and one that daemonises: double fork,
/// session of its own.
inline void start_child(Roll& roll) {
    const pid_t child = ::fork();
    if (child == 0) {
        roll.call(::getpid());
        wait_for_ever();
    }
}
inline void start_daemon(Roll& roll) {
    const pid_t between = ::fork();
    if (between == 0) {
        ::setsid();
        if (::fork() == 0) {
            roll.call(::getpid());
            wait_for_ever();
        }
        ::_exit(0);
    }
}

}  // namespace life
