#include "os/refusal.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// Throws if the call, made in a way that does nothing, says that it is forbidden.
template <class Function>
void check(const char* name, Function&& call) {
    errno = 0;
    if (call() < 0 && is_forbidden(errno)) {
        const int error = errno;
        throw std::system_error(
            error, std::generic_category(),
            std::string("procpool: no pool can do without ") + name +
                ", and a filter of system calls (seccomp), or an old kernel, refuses it");
    }
}

}  // namespace

bool is_forbidden(int error) noexcept { return error == EPERM || error == ENOSYS; }

std::string why_refused(const char* call, int error) {
    if (error == EMFILE || error == ENFILE) {
        return " (raise `ulimit -n`?)";
    }
    if (is_forbidden(error)) {
        return std::string(" (") + call +
               " is refused: by a filter of system calls (seccomp), or an old kernel?)";
    }
    if (error == EAGAIN || error == ENOMEM || error == ENOSPC) {
        return " (too many processes, or too little memory?)";
    }
    return "";
}

void check_calls(bool by_channel) {
    check("poll", [] { return ::poll(nullptr, 0, 0); });
    check("waitid", [] {
        siginfo_t info{};
        return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    });
    constexpr int no_options = ~0;  // so that nobody is reaped
    check("wait4", [] { return ::waitpid(-1, nullptr, no_options); });
    check("prctl", [] {
        int is_subreaper = 0;
        return ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0);
    });
    check("getppid",
          [] { return ::syscall(SYS_getppid); });  // the C library takes it never to fail
    check("signalfd", [] {
        sigset_t none;
        ::sigemptyset(&none);
        const Fd descriptor(::signalfd(-1, &none, SFD_CLOEXEC));
        return descriptor ? 0 : -1;
    });
    check("kill", [] {
        return ::kill(::getpid(), 0) == 0 ? 0L : ::syscall(SYS_tgkill, ::getpid(), ::getpid(), 0);
    });
    if (by_channel) {
        check("sendmsg", [] {
            const msghdr message{};
            return ::sendmsg(-1, &message, 0);
        });
        check("recvmsg", [] {
            msghdr message{};
            return ::recvmsg(-1, &message, 0);
        });
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
