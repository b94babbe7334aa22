#include "os/process.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "os/mapping.hpp"
#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

rlim_t limit_before = RLIM_INFINITY;  // of private memory, before it was limited

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

const char* environment_variable(const char* name) noexcept { return ::secure_getenv(name); }

void die_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void lead_own_group() noexcept { ::setpgid(0, 0); }

void make_group_leader(pid_t child) noexcept { ::setpgid(child, child); }

void name_process(const char* name) noexcept { ::prctl(PR_SET_NAME, name, 0, 0, 0); }

void offer_to_memory_killer(int permille) noexcept {
    constexpr int most = 1000;
    const Fd file(call_through_signals(
        Call::open_file, [] { return ::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC); }));
    char text[16]{};
    if (!file || ::pread(file.get(), text, sizeof text - 1, 0) <= 0) {
        return;
    }
    const int now = std::atoi(text);
    const int length = std::snprintf(text, sizeof text, "%d", std::min(most, now + permille));
    static_cast<void>(::pwrite(file.get(), text, static_cast<std::size_t>(length), 0));
}

void limit_growth(std::size_t bytes) noexcept {
    // Counts what malloc and private mappings take; shared memory and files do not count.
    rlimit limit{};
    if (::getrlimit(RLIMIT_DATA, &limit) != 0) {
        return;
    }
    limit_before = limit.rlim_cur;
    const rlim_t wanted = private_memory() + bytes;
    limit.rlim_cur = std::min({limit.rlim_cur, limit.rlim_max, wanted});
    ::setrlimit(RLIMIT_DATA, &limit);
}

void lift_growth_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_DATA, &limit) == 0) {
        limit.rlim_cur = std::min(limit_before, limit.rlim_max);
        ::setrlimit(RLIMIT_DATA, &limit);
    }
}

void wait_to_be_killed() noexcept {
    for (;;) {
        ::pause();
    }
}

void end_process_like(const Ending& ending) noexcept {
    if (ending.signal != 0) {
        ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        ::signal(ending.signal, SIG_DFL);
        sigset_t mask;
        ::sigemptyset(&mask);
        ::sigaddset(&mask, ending.signal);
        ::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
        ::raise(ending.signal);
    }
    end_process(ending.pid != 0 ? ending.status : EXIT_FAILURE);
}

void end_process(int status) noexcept { ::_exit(status); }

}  // namespace os
PROCPOOL_END_NAMESPACE
