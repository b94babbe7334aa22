#include "os/standing.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fault.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

FileIdentity identity_of_path(const char* path) {
    struct stat status{};
    if (::stat(path, &status) != 0) {
        return {};
    }
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

using Capabilities = std::array<__user_cap_data_struct, 2>;

std::uint64_t joined(std::uint32_t low, std::uint32_t high) {
    return low | std::uint64_t{high} << 32U;
}

constexpr unsigned last_capability = 63;

bool in_bounding_set(unsigned capability) {
    return ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
}

std::array<std::uint64_t, 4> own_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    Capabilities data{};
    ::syscall(SYS_capget, &header, data.data());
    std::uint64_t bounding = 0;
    for (unsigned capability = 0; capability <= last_capability; ++capability) {
        bounding |= std::uint64_t{in_bounding_set(capability)} << capability;
    }
    return {joined(data[0].effective, data[1].effective),
            joined(data[0].permitted, data[1].permitted),
            joined(data[0].inheritable, data[1].inheritable), bounding};
}

void take_capabilities(const std::array<std::uint64_t, 4>& wanted) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    Capabilities data{};
    for (unsigned half = 0; half < 2; ++half) {
        data[half] = {static_cast<std::uint32_t>(wanted[0] >> (32 * half)),
                      static_cast<std::uint32_t>(wanted[1] >> (32 * half)),
                      static_cast<std::uint32_t>(wanted[2] >> (32 * half))};
    }
    ::syscall(SYS_capset, &header, data.data());
}

/// /proc/self/status; empty if it cannot be read, which costs nothing but what is only told there.
std::string own_status() {
    std::string text(8192, '\0');
    const Fd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
    text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return text;
}

/// A number in /proc/self/status; -1 if it is not told.
int in_status(const std::string& status, std::string_view name, int base) {
    const std::size_t at = status.find(std::string("\n").append(name).append(":"));
    return at == std::string::npos ? -1
                                   : static_cast<int>(std::strtol(
                                         status.c_str() + at + name.size() + 2, nullptr, base));
}

bool is_left_alone(int signal) {
    return signal == SIGCHLD || signal == SIGTTIN || signal == SIGTTOU;
}

std::uint64_t own_ignored_signals() {
    std::uint64_t signals = 0;
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action{};
        if (!is_left_alone(number) && ::sigaction(number, nullptr, &action) == 0 &&
            action.sa_handler == SIG_IGN) {
            signals |= std::uint64_t{1} << static_cast<unsigned>(number - 1);
        }
    }
    return signals;
}

void take_signals(std::uint64_t ignored) {
    const std::uint64_t now = own_ignored_signals();
    for (int number = 1; number < NSIG; ++number) {
        const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(number - 1);
        if (((now ^ ignored) & bit) != 0) {
            ::signal(number, (ignored & bit) != 0 ? SIG_IGN : SIG_DFL);
        }
    }
}

/// What a process without rights may do as well: a failure leaves things as they are.
void take_habits(const Standing& wanted) {
    if (wanted.umask >= 0) {
        ::umask(static_cast<mode_t>(wanted.umask));
    }
    ::setpriority(PRIO_PROCESS, 0, wanted.nice);
    for (std::size_t i = 0; i < Standing::most_limits; ++i) {
        const rlimit limit{wanted.limits[i][0], wanted.limits[i][1]};
        ::setrlimit(static_cast<__rlimit_resource>(i), &limit);
    }
    ::syscall(SYS_sched_setaffinity, 0, sizeof wanted.cpus, wanted.cpus.data());
    take_signals(wanted.ignored_signals);
}

/// Supplementary ones, sorted. The kernel has up to 65,536.
std::vector<gid_t> own_groups() {
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    std::sort(groups.begin(), groups.end());
    return groups;
}

/// FNV-1a, a number a step.
std::uint64_t hash_of(const std::vector<gid_t>& groups) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const gid_t group : groups) {
        hash = (hash ^ group) * 0x100000001b3;
    }
    return hash;
}

bool has_groups_of(const Standing& wanted, const Standing& now) {
    return wanted.group_count == now.group_count && wanted.group_hash == now.group_hash;
}

/// Rights are only ever given up here: the system refuses the rest.
void take_rights(const Standing& wanted, const Standing& now) {
    for (unsigned capability = 0; capability <= last_capability; ++capability) {
        if ((wanted.capabilities[3] >> capability & 1U) == 0 && in_bounding_set(capability)) {
            ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
    }
    if (!has_groups_of(wanted, now) && wanted.group_count <= Standing::most_groups) {
        ::setgroups(wanted.group_count, wanted.more_groups.data());
    }
    if (wanted.groups != now.groups) {
        static_cast<void>(::setresgid(wanted.groups[0], wanted.groups[1], wanted.groups[2]));
    }
    if (wanted.users != now.users) {
        ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
        static_cast<void>(::setresuid(wanted.users[0], wanted.users[1], wanted.users[2]));
    }
    if (wanted.capabilities != own_capabilities()) {
        take_capabilities(wanted.capabilities);
    }
    ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    if (wanted.no_new_privileges == 1) {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
}

void take_place(const Standing& wanted, const Standing& now, const Fd& root,
                const Fd& working_directory) {
    if (root && wanted.root != now.root && ::fchdir(root.get()) == 0) {
        static_cast<void>(::chroot("."));
    }
    if (working_directory &&
        (wanted.working_directory != now.working_directory || wanted.root != now.root)) {
        static_cast<void>(::fchdir(working_directory.get()));
    }
}

const char* difference(const Standing& wanted, const Standing& now) {
    if (wanted.users != now.users) {
        return "user";
    }
    if (wanted.groups != now.groups || !has_groups_of(wanted, now)) {
        return "groups";
    }
    if (wanted.capabilities != now.capabilities) {
        return "capabilities";
    }
    if (wanted.no_new_privileges != now.no_new_privileges) {
        return "no_new_privs";
    }
    const bool counted = wanted.seccomp_filters >= 0 && now.seccomp_filters >= 0;
    if (wanted.seccomp != now.seccomp ||
        (counted && wanted.seccomp_filters != now.seccomp_filters)) {
        return "filter of system calls";
    }
    if (wanted.root != now.root) {
        return "root directory";
    }
    if (wanted.working_directory != now.working_directory) {
        return "working directory";
    }
    return wanted.namespaces != now.namespaces ? "namespaces" : nullptr;
}

}  // namespace

bool give_up_raised_rights() noexcept {
    if (::getauxval(AT_SECURE) == 0) {
        return true;
    }
    const uid_t user = ::getuid();
    const gid_t group = ::getgid();
    if (::setresgid(group, group, group) != 0 || ::setresuid(user, user, user) != 0) {
        return false;
    }
    if (user == 0) {
        return true;  // whoever started it may do everything
    }
    take_capabilities({});
    const auto left = own_capabilities();
    return left[0] == 0 && left[1] == 0;
}

Standing own_standing() {
    Standing own;
    ::getresuid(&own.users[0], &own.users[1], &own.users[2]);
    ::getresgid(&own.groups[0], &own.groups[1], &own.groups[2]);
    const std::vector<gid_t> groups = own_groups();
    own.group_count = static_cast<std::uint32_t>(groups.size());
    std::copy_n(groups.begin(), std::min(groups.size(), Standing::most_groups),
                own.more_groups.begin());
    own.group_hash = hash_of(groups);
    own.capabilities = own_capabilities();
    own.no_new_privileges = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    own.root = identity_of_path("/");
    own.working_directory = identity_of_path(".");
    constexpr std::array names{"mnt", "net", "pid", "user", "uts", "ipc", "cgroup"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        own.namespaces[i] = identity_of_path((std::string("/proc/self/ns/") + names[i]).c_str());
    }
    const std::string status = own_status();
    own.seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    own.seccomp_filters = in_status(status, "Seccomp_filters", 10);
    own.umask = in_status(status, "Umask", 8);
    own.nice = ::getpriority(PRIO_PROCESS, 0);
    for (std::size_t i = 0; i < Standing::most_limits; ++i) {
        rlimit limit{};
        ::getrlimit(static_cast<__rlimit_resource>(i), &limit);
        own.limits[i] = {limit.rlim_cur, limit.rlim_max};
    }
    ::syscall(SYS_sched_getaffinity, 0, sizeof own.cpus, own.cpus.data());
    own.ignored_signals = own_ignored_signals();
    return own;
}

const char* take_standing(const Standing& wanted, const Fd& root, const Fd& working_directory) {
    const Standing now = own_standing();
    take_habits(wanted);
    take_place(wanted, now, root, working_directory);
    take_rights(wanted, now);
    return difference(wanted, own_standing());
}

Fd open_directory(const char* path) noexcept {
    return above_standard_streams(Fd(call_through_signals(
        Call::open_file, [&] { return ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); })));
}

}  // namespace os
PROCPOOL_END_NAMESPACE
