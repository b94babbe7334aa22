#include "os/unseen_fork.hpp"

#include <algorithm>
#include <cerrno>

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/fork.hpp"
#include "os/reaping.hpp"

// A child of fork() ends with a SIGCHLD for its parent, but only fork() takes the locks of libc. So
// a go-between calls fork(): a process without an end signal that borrows the memory and stack of
// this thread, as after vfork(), while this thread stands still. Once the go-between has exited,
// its child is an orphan.

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define PROCPOOL_RSEQ 1
#endif

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

struct Forked {
    pid_t pid = 0;
    int error = 0;
};

#if defined(__clang__)
// Entered in the go-between and left in its child: no sanitizer may keep track of it.
#define PROCPOOL_UNSANITIZED __attribute__((disable_sanitizer_instrumentation))
#else
#define PROCPOOL_UNSANITIZED
#endif

/// Runs in the go-between, and returns only in the child that it forks.
extern "C" void go_between(Forked* forked) asm(PROCPOOL_SYMBOL(go_between));
extern "C" __attribute__((used, visibility("hidden"))) PROCPOOL_UNSANITIZED void go_between(
    Forked* forked) {
    const pid_t pid = fork_process();
    if (pid != 0) {
        forked->pid = pid;
        forked->error = errno;
        for (;;) {
            ::syscall(SYS_exit, 0);
        }
    }
}

constexpr long flags = CLONE_VM | CLONE_VFORK;

/// The pid of a go-between that has done its work, or a negative errno; 0 in the child that it
/// forked. Assembly, because what runs on a borrowed stack must not touch a frame that its owner
/// still uses: here it is entered by a call below that frame, and nothing before the call writes to
/// memory.
[[gnu::noinline]] PROCPOOL_UNSANITIZED long run_go_between(Forked* forked) {
#if defined(__x86_64__)
    register long result asm("rax") = SYS_clone;
    register long a asm("rdi") = flags;
    register long b asm("rsi") = 0;
    register long c asm("rdx") = 0;
    register long d asm("r10") = 0;
    register long e asm("r8") = 0;
    register Forked* kept asm("r12") = forked;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "mov %%rsp, %%r13\n\t"
        "sub $128, %%rsp\n\t"  // the red zone
        "and $-16, %%rsp\n\t"
        "mov %%r12, %%rdi\n\t"
        "call " PROCPOOL_SYMBOL(go_between) "\n\t"
        "mov %%r13, %%rsp\n\t"
        "xor %%eax, %%eax\n"
        "1:"
        : "+r"(result), "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e)
        : "r"(kept)
        : "rcx", "r9", "r11", "r13", "cc", "memory");
    return result;
#elif defined(__aarch64__)
    register long result asm("x0") = flags;
    register long b asm("x1") = 0;
    register long c asm("x2") = 0;
    register long d asm("x3") = 0;
    register long e asm("x4") = 0;
    register long number asm("x8") = SYS_clone;
    register Forked* kept asm("x19") = forked;
    asm volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x0, x19\n\t"
        "bl " PROCPOOL_SYMBOL(go_between) "\n\t"
        "mov x0, #0\n"
        "1:"
        : "+r"(result), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(number)
        : "r"(kept)
        : "x5", "x6", "x7", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x30",
          "cc", "memory");
    return result;
#else
    forked->pid = fork_process();
    forked->error = errno;
    return forked->pid == 0 ? 0 : -ECHILD;
#endif
}

}  // namespace

namespace {

/// The C library tells the kernel where this thread keeps the number of its CPU (restartable
/// sequences). The kernel forgets that for a child of a process that borrowed its memory.
void tell_kernel_of_rseq() noexcept {
#if defined(PROCPOOL_RSEQ)
    if (__rseq_size != 0) {
        constexpr unsigned least_size = 32;
        auto* const area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
        ::syscall(SYS_rseq, area, std::max(__rseq_size, least_size), 0, RSEQ_SIG);
    }
#endif
}

}  // namespace

pid_t fork_unseen() noexcept {
    Forked forked;
    const long between = call(Call::clone_process, [&] { return run_go_between(&forked); });
    if (between == 0) {
        tell_kernel_of_rseq();
        return 0;
    }
    if (between > 0) {
        reap(static_cast<pid_t>(between));
    }
    if (forked.pid == 0) {
        errno = between < -1 ? static_cast<int>(-between) : errno;
        return -1;
    }
    errno = forked.error;
    return forked.pid;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
