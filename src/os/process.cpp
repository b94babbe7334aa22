#include "os/process.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// The private memory of this process, data and stacks, in bytes; 0 when the kernel does not tell.
std::size_t private_memory() noexcept {
    char text[256];
    const long length = read_file("/proc/self/statm", text, sizeof text - 1);
    if (length <= 0) {
        return 0;
    }
    text[length] = '\0';
    unsigned long pages = 0;  // the sixth number
    return std::sscanf(text, "%*u %*u %*u %*u %*u %lu", &pages) == 1 ? pages * page_size : 0;
}

}  // namespace

pid_t own_pid() noexcept { return ::getpid(); }

pid_t own_thread() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

pid_t parent_pid() noexcept { return ::getppid(); }

void die_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void lead_own_group() noexcept { ::setpgid(0, 0); }

void make_group_leader(pid_t child) noexcept { ::setpgid(child, child); }

void limit_growth(std::size_t bytes) noexcept {
    // Counts what malloc and private mappings take; shared memory and files do not count.
    rlimit limit{};
    if (::getrlimit(RLIMIT_DATA, &limit) != 0) {
        return;
    }
    const rlim_t wanted = private_memory() + bytes;
    limit.rlim_cur = std::min({limit.rlim_cur, limit.rlim_max, wanted});
    ::setrlimit(RLIMIT_DATA, &limit);
}

void wait_to_be_killed() noexcept {
    for (;;) {
        ::pause();
    }
}

void end_process(int status) noexcept { ::_exit(status); }

}  // namespace os
PROCPOOL_END_NAMESPACE
