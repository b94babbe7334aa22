#include "os/fork.hpp"

#include <cerrno>

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/fd.hpp"
#include "os/process.hpp"
#include "os/process_table.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

bool single_threaded() noexcept {
    if (__libc_single_threaded != 0) {
        return true;
    }
    const std::optional<ProcessState> state = state_of_process("self");
    return state && state->threads == 1;
}

pid_t clone_quietly() noexcept {
    // After a raw clone the thread id that glibc keeps is that of the parent. Nothing in the child
    // relies on it: user code runs in processes that fork_process makes, which sets it.
    clone_args arguments{};
    arguments.flags = CLONE_CLEAR_SIGHAND;
    long pid = call(Call::clone_process,
                    [&] { return ::syscall(SYS_clone3, &arguments, sizeof arguments); });
    if (pid == -1 && (errno == ENOSYS || errno == EPERM)) {  // a filter of system calls forbids it
        pid = call(Call::clone_process,
                   [] { return ::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr); });
        if (pid == 0) {
            reset_signal_handlers();
        }
    }
    return static_cast<pid_t>(pid);
}

pid_t fork_process() noexcept {
    return call(Call::fork_process, [] { return ::fork(); });
}

void empty_stdin() noexcept {
    const Fd null = above_standard_streams(Fd(call_through_signals(
        Call::open_file, [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); })));
    if (null) {
        ::dup3(null.get(), STDIN_FILENO, 0);
    } else {
        ::close(STDIN_FILENO);
    }
}

int start_program_anew(const char* const* arguments, int kept) noexcept {
    ::fcntl(kept, F_SETFD, 0);
    ::execv("/proc/self/exe", const_cast<char* const*>(arguments));
    return errno;
}

bool keep_from_exec(int descriptor) noexcept {
    return ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
