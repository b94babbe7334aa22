#include "os/unseen_fork.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/at_fork.hpp"
#include "os/fault.hpp"
#include "os/file.hpp"
#include "os/fork.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/refusal.hpp"
#include "os/signals.hpp"

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
    bool wanted = false;     // else only `was_there` is
    bool was_there = false;  // what the go-between writes reaches its maker
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
    const pid_t pid = forked->wanted ? fork_process() : -1;
    if (pid != 0) {
        forked->was_there = true;
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
    static_cast<void>(forked);
    static_cast<void>(flags);
    return -ENOSYS;  // not written for this processor: forks do as well
#endif
}

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

/// Emulators make a fork of it, which shares nothing.
bool go_between_shares_memory() noexcept {
    enum : int { unknown, yes, no };
    static std::atomic<int> known{unknown};
    if (known.load(std::memory_order_relaxed) == unknown) {
        Forked probe;
        const long between = run_go_between(&probe);
        if (between <= 0) {
            return true;  // the next one fails like this, and says why
        }
        reap(static_cast<pid_t>(between));
        known.store(probe.was_there ? yes : no, std::memory_order_relaxed);
    }
    return known.load(std::memory_order_relaxed) == yes;
}

pid_t fork_by_go_between() noexcept {
    Forked forked{.wanted = true};
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

/// By a child that forks it and ends. All three are ordinary processes, so every handler of others
/// runs as in any other fork, and a debugger lets go of the first one.
pid_t fork_twice() noexcept {
    struct Answer {
        pid_t pid;
        int error;
    };
    void* const shared =
        ::mmap(nullptr, sizeof(Answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return -1;
    }
    auto* const answer = new (shared) Answer{-1, ECHILD};
    const pid_t between = fork_process();
    if (between == 0) {
        const pid_t pid = fork_process();
        if (pid == 0) {
            ::munmap(shared, sizeof(Answer));
            return 0;
        }
        *answer = {pid, errno};
        ::_exit(0);
    }
    const int error = errno;
    if (between > 0) {
        reap(between);  // a handler of the program may have done so
    }
    const Answer got = between > 0 ? *answer : Answer{-1, error};
    ::munmap(shared, sizeof(Answer));
    errno = got.error;
    return got.pid;
}

/// By a debugger, or by something like strace. Not known without /proc.
bool is_traced() noexcept {
    std::array<char, 4096> text{};
    if (read_file("/proc/self/status", text.data(), text.size() - 1) <= 0) {
        return false;
    }
    constexpr const char* name = "\nTracerPid:";
    const char* const at = std::strstr(text.data(), name);
    return at != nullptr && std::strtol(at + std::strlen(name), nullptr, 10) != 0;
}

/// After unshare(CLONE_NEWPID): the first child is the first process there, and all others end with
/// it. Not known without /proc.
bool has_children_elsewhere() noexcept {
    std::array<char, 64> own{};
    std::array<char, 64> of_children{};
    // There is no second one before the first child is there.
    const bool is_known = ::readlink("/proc/self/ns/pid", own.data(), own.size() - 1) > 0;
    const bool is_there = ::readlink("/proc/self/ns/pid_for_children", of_children.data(),
                                     of_children.size() - 1) > 0;
    return is_known && (!is_there || own != of_children);
}

bool adopts_orphans() noexcept {
    int is_subreaper = 0;
    return own_pid() == 1 ||
           (::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper) == 0 && is_subreaper != 0);
}

}  // namespace

UnseenChild fork_unseen(bool alone) noexcept {
    // A process between that ends would take the child along, or leave it to this one.
    const auto is_best_ordinary = [] { return adopts_orphans() || has_children_elsewhere(); };
    const auto by_forks = [&] {
        return is_best_ordinary() ? UnseenChild{fork_process(), true}
                                  : UnseenChild{fork_twice(), false};
    };
    UnseenChild child{.pid = -1};
    if (const bool quietly = !is_traced(); quietly && alone) {
        child = {clone_quietly(), true};
        if (child.pid == 0) {
            return child;  // its signals are so already
        }
    } else if (quietly && !is_best_ordinary() && !others_may_run_at_fork() &&
               go_between_shares_memory()) {
        child = {fork_by_go_between(), false};
    } else {
        errno = EINVAL;
    }
    if (child.pid < 0 && (errno == EINVAL || is_forbidden(errno))) {
        child = by_forks();
    }
    if (child.pid == 0) {
        reset_signal_handlers();
    }
    return child;
}

std::string why_no_fork(int error) {
    if (error == ENOMEM && has_children_elsewhere()) {
        return " (the first process of the PID namespace of this program's children has ended, and "
               "none can follow it: after unshare(CLONE_NEWPID) fork first a child that stays)";
    }
    return why_refused("clone", error);
}

}  // namespace os
PROCPOOL_END_NAMESPACE
