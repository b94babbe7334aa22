// procpool_test: TIMEOUT 120 DEBUG_INFORMATION
// What a worker that dies of a bug can say about it, and that saying it changes nothing else.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace culprits {

// The kernel is to find the mistake, not a sanitizer.
[[gnu::noinline]] __attribute__((no_sanitize("undefined"))) int read_header(const int* header) {
    const int value = *static_cast<const volatile int*>(header);
    return value + 1;
}

[[gnu::noinline]] int overflow_stack(int depth) {
    volatile char big[4096];
    big[depth % 4096] = 1;
    return depth < 0 ? 0 : overflow_stack(depth + 1) + big[0];
}

[[gnu::noinline]] int overflow_stack_at_once(int place) {
    volatile char huge[64 << 20];
    huge[place] = 1;
    return huge[place];
}

/// Reads on and on from a local variable, away from where the stack grows.
[[gnu::noinline, gnu::no_sanitize_address]] int leave_stack() {
    volatile char local = 0;
    volatile char* place = &local;
    while (*place != 1 || place != nullptr) {
        ++place;
    }
    return 0;
}

[[gnu::noinline]] int leave_stack_of_thread() {
    std::thread([] { leave_stack(); }).join();
    return 0;
}

[[gnu::noinline]] int call(int (*function)(int)) { return function(3) + 1; }

[[gnu::noinline]] void fail() { throw std::logic_error("the last straw"); }
[[gnu::noinline]] void give_up() noexcept { fail(); }
/// Where the stack ends when std::terminate() is called: clang unwinds it to what may not throw.
#if defined(__clang__)
constexpr const char* last_of_give_up = "give_up";
#else
constexpr const char* last_of_give_up = "fail";
#endif

[[gnu::noinline]] int refuse(int number) {
    if (number >= 0) {
        throw std::out_of_range("no such header");
    }
    return number;
}

[[gnu::noinline]] int look_up(std::size_t place) { return std::vector<int>(3).at(place); }

[[gnu::noinline]] int recover(int number) {
    try {
        return refuse(number);
    } catch (const std::out_of_range&) {
        return -1;
    }
}

[[gnu::noinline]] int raise_it(int signal) {
    ::raise(signal);
    return 0;
}

/// Fills the stack above this frame with garbage.
[[gnu::noinline]] int smash_stack(int garbage) {
    auto* const frame = static_cast<volatile unsigned char*>(__builtin_frame_address(0));
    for (int i = -64; i < 2048; ++i) {
        frame[i] = static_cast<unsigned char>(garbage);
    }
    __builtin_trap();
}

[[gnu::noinline]] int crash_in_thread() {
    std::thread([] { read_header(nullptr); }).join();
    return 0;
}

[[gnu::noinline]] int odd(int depth);
[[gnu::noinline]] int even(int depth) {
    volatile char big[4096];
    big[depth % 4096] = 1;
    return odd(depth + 1) + big[0];
}
[[gnu::noinline]] int odd(int depth) {
    volatile char big[4096];
    big[depth % 4096] = 1;
    return even(depth + 1) + big[0];
}

[[gnu::noinline]] int sleep_for_long() {
    while (::sleep(3600) != 0) {  // a signal ends it early
    }
    return 0;
}

[[gnu::noinline]] int compute_for_ever() {
    for (volatile bool forever = true; forever;) {
    }
    return 0;
}

#if defined(__x86_64__)
/// Whoever unwinds this evaluates an expression that jumps to its own beginning.
[[gnu::noinline]] int unwind_for_ever() {
    asm volatile(".cfi_escape 0x0f, 0x03, 0x2f, 0xfd, 0xff");
    ::raise(SIGSEGV);
    return 0;
}

/// Dies with a stack pointer that points nowhere.
[[gnu::noinline]] int lose_stack() {
    asm volatile("mov $64, %%rsp\n\tmov %%rsp, %%rbp\n\tpush %%rax" ::: "memory");
    return 0;
}
#endif

}  // namespace culprits

namespace {

using procpool::Pool;
using procpool::TaskFailure;
using procpool::WorkerDied;
using support::contains;
using support::starts_with;
using namespace std::chrono_literals;

/// How a call ended that cannot end well.
template <class F>
procpool::Outcome<int> outcome_of(Pool& pool, F f) {
    return std::move(pool.try_map([f](int) -> int { return f(); }, std::vector<int>{0}).at(0));
}

/// The signal that ended the worker; 0 if none did.
int signal_of(const procpool::Outcome<int>& outcome) {
    try {
        outcome.rethrow();
    } catch (const WorkerDied& death) {
        return death.signal();
    } catch (...) {  // it threw
    }
    return 0;
}

bool lines_are_known() {
#if __has_include(<elfutils/libdwfl.h>)
    return ::dlopen("libdw.so.1", RTLD_LAZY) != nullptr;
#else
    return false;
#endif
}

/// "culprits::read_header (last_words_test.cpp:29)", or as much of it as can be known.
std::string place(const std::string& function) {
    return "culprits::" + function + (lines_are_known() ? " (last_words_test.cpp:" : " (");
}

// ---- Which signals, and where
// -----------------------------------------------------------------------------------------

class EverySignal : public testing::TestWithParam<int> {};

TEST_P(EverySignal, IsReportedWithThePlace) {
    Pool pool{1};
    const auto outcome =
        outcome_of(pool, [signal = GetParam()] { return culprits::raise_it(signal); });
    ASSERT_FALSE(outcome);
    EXPECT_EQ(signal_of(outcome), GetParam());
    EXPECT_TRUE(starts_with(outcome.error().trace(), place("raise_it")));
    EXPECT_TRUE(contains(outcome.error().message(), " in " + place("raise_it")));
}

INSTANTIATE_TEST_SUITE_P(LastWords, EverySignal,
                         testing::Values(SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP),
                         [](const auto& test) { return "Number" + std::to_string(test.param); });

TEST(LastWords, ANullPointerIsBlamedOnWhoFollowsIt) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::read_header(nullptr); });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_TRUE(contains(outcome.error().message(),
                         "died of SIGSEGV (segmentation fault) in " + place("read_header")));
}

TEST(LastWords, ACallOfANullFunctionIsBlamedOnTheCaller) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::call(nullptr); });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_TRUE(contains(outcome.error().message(), " in " + place("call")));
}

TEST(LastWords, AStackOverflowIsReportedAndCutShort) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's frames are of another size";
    }
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::overflow_stack(0); });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_TRUE(contains(outcome.error().message(), " in " + place("overflow_stack")));
    EXPECT_TRUE(contains(outcome.error().trace(), "more of it"));
    EXPECT_LT(outcome.error().trace().size(), 1000U);
}

TEST(LastWords, AStackOverflowIsCalledSo) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's frames are of another size";
    }
    Pool pool{1};
    for (const auto& outcome :
         {outcome_of(pool, [] { return culprits::overflow_stack(0); }),
          outcome_of(pool, [] { return culprits::overflow_stack_at_once(1 << 20); })}) {
        ASSERT_EQ(signal_of(outcome), SIGSEGV);
        EXPECT_TRUE(contains(outcome.error().message(), "(the stack overflowed: "));
    }
}

TEST(LastWords, AnyOtherFaultIsNotCalledAStackOverflow) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's stack has other neighbours";
    }
    Pool pool{1};
    for (const auto& outcome :
         {outcome_of(pool, [] { return culprits::read_header(nullptr); }),
          outcome_of(pool, [] { return culprits::raise_it(SIGSEGV); }),
          outcome_of(pool, [] { return culprits::leave_stack(); }),
          outcome_of(pool, [] { return culprits::leave_stack_of_thread(); })}) {
        ASSERT_EQ(signal_of(outcome), SIGSEGV);
        EXPECT_FALSE(contains(outcome.error().message(), "overflowed"));
    }
}

TEST(LastWords, AbortIsBlamedOnItsCaller) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, []() -> int { std::abort(); });
    EXPECT_EQ(signal_of(outcome), SIGABRT);
    EXPECT_FALSE(contains(outcome.error().trace(), "abort ("));
}

TEST(LastWords, TerminateSaysWhichExceptionNobodyCaught) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        culprits::give_up();
        return 0;
    });
    EXPECT_EQ(signal_of(outcome), SIGABRT);
    EXPECT_TRUE(contains(outcome.error().message(), "std::logic_error: the last straw"));
    EXPECT_TRUE(contains(outcome.error().message(), " in " + place(culprits::last_of_give_up)));
}

TEST(LastWords, ACrashInAnotherThreadOfTheTaskIsReported) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::crash_in_thread(); });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_TRUE(starts_with(outcome.error().trace(), place("read_header")));
}

TEST(LastWords, AreAboutThisDeathNotAnEarlierOneInThePlace) {
    Pool pool{1};
    static_cast<void>(outcome_of(pool, [] { return culprits::read_header(nullptr); }));
    const auto killed = outcome_of(pool, [] { return ::kill(::getpid(), SIGKILL); });
    EXPECT_EQ(signal_of(killed), SIGKILL);
    EXPECT_EQ(killed.error().trace(), "");
    const auto exited = outcome_of(pool, []() -> int { ::_exit(SIGSEGV); });
    EXPECT_EQ(exited.error().trace(), "");
}

// ---- Of an initializer
// -----------------------------------------------------------------------------------------

/// How a call ends on a pool whose initializer fails.
procpool::InitializerFailed failure_of(procpool::Initializer initializer) {
    Pool pool{{.processes = 2, .initializer = std::move(initializer)}};
    try {
        pool.apply([] {});
    } catch (const procpool::InitializerFailed& failure) {
        return failure;
    }
    return procpool::InitializerFailed("the call did not fail so");
}

TEST(LastWords, AnInitializerThatThrowsSaysWhere) {
    const auto failure = failure_of([] { culprits::refuse(1); });
    EXPECT_TRUE(contains(failure.what(), "it threw std::out_of_range in " + place("refuse")));
    EXPECT_TRUE(contains(failure.what(), ": no such header; "));
    EXPECT_TRUE(starts_with(failure.trace(), place("refuse")));
    EXPECT_FALSE(contains(failure.trace(), "procpool"));
}

TEST(LastWords, AnInitializerThatDiesSaysWhere) {
    const auto failure = failure_of([] { culprits::read_header(nullptr); });
    EXPECT_TRUE(contains(failure.what(),
                         "it died of SIGSEGV (segmentation fault) in " + place("read_header")));
    EXPECT_TRUE(starts_with(failure.trace(), place("read_header")));
    EXPECT_FALSE(contains(failure.trace(), "procpool"));
}

TEST(LastWords, AnInitializerThatTerminatesSaysWhichExceptionNobodyCaught) {
    const auto failure = failure_of([] { culprits::give_up(); });
    EXPECT_TRUE(contains(failure.what(), "in " + place(culprits::last_of_give_up)));
    EXPECT_TRUE(contains(failure.what(), "std::logic_error: the last straw"));
}

TEST(LastWords, OfAnInitializerThatIsKilledThereAreNone) {
    const auto failure = failure_of([] { ::kill(::getpid(), SIGKILL); });
    EXPECT_TRUE(contains(failure.what(), "it died of SIGKILL"));
    EXPECT_EQ(failure.trace(), "");
}

// ---- What makes no sense to unwind
// -----------------------------------------------------------------------------------------

TEST(LastWords, ACorruptedStackCostsTheTraceNotTheReport) {
    if (sanitized) {
        GTEST_SKIP() << "the sanitizer ends it first";
    }
    Pool pool{1};
    for (const int garbage : {0x00, 0x41, 0xff}) {
        const auto outcome = outcome_of(pool, [garbage] { return culprits::smash_stack(garbage); });
        EXPECT_EQ(signal_of(outcome), SIGILL);
        EXPECT_TRUE(starts_with(outcome.error().trace(), place("smash_stack")));
    }
    EXPECT_EQ(pool.apply([] { return 3; }), 3);
}

#if defined(__x86_64__)
TEST(LastWords, AStackPointerThatPointsNowhereIsNoObstacle) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::lose_stack(); });
    EXPECT_TRUE(signal_of(outcome) == SIGSEGV || signal_of(outcome) == SIGBUS);
    EXPECT_TRUE(contains(outcome.error().message(), " in " + place("lose_stack")));
}

TEST(LastWords, UnwindingThatDoesNotEndIsEnded) {
    Pool pool{1};
    const auto start = support::Clock::now();
    const auto outcome = outcome_of(pool, [] { return culprits::unwind_for_ever(); });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_LT(support::Clock::now() - start, 10s);
}
#endif

// ---- What a task sees
// -----------------------------------------------------------------------------------------

TEST(LastWords, ATasksOwnHandlerWins) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        std::signal(SIGSEGV, [](int) { ::_exit(42); });
        return culprits::read_header(nullptr);
    });
    try {
        outcome.rethrow();
        FAIL() << "it survived";
    } catch (const WorkerDied& death) {
        EXPECT_EQ(death.signal(), 0);
        EXPECT_EQ(death.exit_status(), 42);
    }
}

TEST(LastWords, ACrashInATasksOwnHandlerIsReported) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        std::signal(SIGSEGV, [](int) { culprits::raise_it(SIGABRT); });
        return culprits::read_header(nullptr);
    });
    EXPECT_EQ(signal_of(outcome), SIGABRT);
    EXPECT_TRUE(starts_with(outcome.error().trace(), place("raise_it")));
    EXPECT_TRUE(contains(outcome.error().trace(), place("read_header")));
}

TEST(LastWords, AHandlerThatPassesTheSignalOnGetsTheReportToo) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        static struct sigaction before{};
        struct sigaction own{};
        own.sa_flags = SA_SIGINFO;
        own.sa_sigaction = [](int signal, siginfo_t* info, void* context) {
            before.sa_sigaction(signal, info, context);
        };
        ::sigaction(SIGSEGV, &own, &before);
        return culprits::read_header(nullptr);
    });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_TRUE(starts_with(outcome.error().trace(), place("read_header")));
}

/// Follows a null pointer with a stack for signals of a task's own.
int crash_with_signal_stack(std::size_t size) {
    auto* const memory = static_cast<std::byte*>(
        ::mmap(nullptr, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(memory + 4096, 65536 - 4096, PROT_READ | PROT_WRITE);
    stack_t stack{};
    stack.ss_sp = memory + 4096;
    stack.ss_size = size;
    ::sigaltstack(&stack, nullptr);
    return culprits::read_header(nullptr);
}

TEST(LastWords, OnATasksOwnSmallSignalStackNameThePlaceOnly) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's frames are of another size";
    }
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return crash_with_signal_stack(8192); });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_TRUE(starts_with(outcome.error().trace(), place("read_header")));
    EXPECT_FALSE(contains(outcome.error().trace(), "crash_with_signal_stack"));
}

TEST(LastWords, ASignalStackTooSmallForThemCostsThemOnly) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's frames are of another size";
    }
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        return crash_with_signal_stack(static_cast<std::size_t>(::sysconf(_SC_MINSIGSTKSZ)));
    });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
}

TEST(LastWords, WhatTheProgramIgnoresStaysIgnored) {
    std::signal(SIGTRAP, SIG_IGN);
    Pool pool{1};
    std::signal(SIGTRAP, SIG_DFL);
    EXPECT_TRUE(pool.apply([] {
        struct sigaction action{};
        ::sigaction(SIGTRAP, nullptr, &action);
        return action.sa_handler == SIG_IGN;
    }));
}

TEST(LastWords, OfWhatATaskForkedOffAreNotTheWorkers) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        const pid_t child = ::fork();
        if (child == 0) {
            culprits::read_header(nullptr);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV) {
            ::_exit(1);
        }
        return ::kill(::getpid(), SIGSEGV);
    });
    EXPECT_EQ(signal_of(outcome), SIGSEGV);
    EXPECT_FALSE(contains(outcome.error().trace(), "read_header"));
}

TEST(LastWords, TheProgramsOwnTerminateHandlerStillRuns) {
    const support::Shared<std::atomic<int>> calls;
    static std::atomic<int>* counter = calls.get();
    const auto before = std::set_terminate([] {
        ++*counter;
        std::abort();
    });
    Pool pool{1};
    std::set_terminate(before);
    const auto outcome = outcome_of(pool, [] {
        culprits::give_up();
        return 0;
    });
    EXPECT_EQ(signal_of(outcome), SIGABRT);
    EXPECT_EQ(calls->load(), 1);
    EXPECT_TRUE(contains(outcome.error().message(), "the last straw"));
}

// ---- Where it was thrown
// -----------------------------------------------------------------------------------------

TEST(ThrownTrace, BeginsWhereItWasThrown) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::refuse(1); });
    ASSERT_FALSE(outcome);
    EXPECT_TRUE(
        contains(outcome.error().message(), " threw std::out_of_range in " + place("refuse")));
    EXPECT_TRUE(contains(outcome.error().message(), ": no such header"));
    EXPECT_TRUE(starts_with(outcome.error().trace(), place("refuse")));
    EXPECT_FALSE(contains(outcome.error().trace(), "procpool"));
}

TEST(ThrownTrace, HasNothingOfTheLibraryBeneathAnyKindOfCall) {
    Pool pool{1};
    const std::vector<std::pair<int, int>> pairs{{1, 2}};
    const auto trace_of = [](const auto& call) -> std::string {
        try {
            call();
        } catch (const TaskFailure& failure) {
            return failure.trace();
        }
        return "nothing was thrown";
    };
    const auto refuse = [](int, int) { return culprits::refuse(1); };
    for (const std::string& trace :
         {trace_of([&] { pool.apply(refuse, 1, 2); }),
          trace_of([&] { pool.apply(culprits::refuse, 1); }),
          trace_of([&] { pool.submit(refuse, 1, 2).get(); }),
          trace_of([&] { pool.starmap(refuse, pairs); }),
          trace_of([&] { pool.for_each_worker([] { culprits::refuse(1); }); }),
          trace_of([&] { pool.map(procpool::bind_back(refuse, 1), std::vector<int>{1}); }),
          trace_of([&] {
              const auto inner =
                  procpool::bind_back([](int, int, int) { return culprits::refuse(1); }, 1);
              pool.map(procpool::bind_front(inner, 2), std::vector<int>{1});
          })}) {
        EXPECT_TRUE(starts_with(trace, place("refuse")));
        EXPECT_FALSE(contains(trace, "procpool"));
        EXPECT_FALSE(contains(trace, ".hpp:"));
    }
}

TEST(ThrownTrace, BlamesTheProgramForWhatTheStandardLibraryThrows) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::look_up(9); });
    EXPECT_TRUE(
        contains(outcome.error().message(), " threw std::out_of_range in " + place("look_up")));
}

TEST(ThrownTrace, IsThatOfTheExceptionThatLeftTheTask) {
    Pool pool{1};
    const auto recovered = outcome_of(pool, [] { return culprits::recover(1); });
    EXPECT_TRUE(recovered);
    const auto outcome = outcome_of(pool, [] {
        culprits::recover(1);
        return culprits::look_up(9);
    });
    EXPECT_FALSE(contains(outcome.error().trace(), "refuse"));
    EXPECT_TRUE(contains(outcome.error().trace(), place("look_up")));
}

TEST(ThrownTrace, EveryItemHasItsOwn) {
    Pool pool{1};
    const auto outcomes = pool.try_map(
        [](int i) {
            if (i % 3 == 1) {
                return culprits::refuse(i);
            }
            if (i % 3 == 2) {
                return culprits::look_up(9);
            }
            return i;
        },
        std::vector<int>{0, 1, 2, 3, 4, 5, 6});
    for (const int i : {0, 3, 6}) {
        EXPECT_EQ(outcomes.at(static_cast<std::size_t>(i)).value(), i);
    }
    for (const int i : {1, 4}) {
        EXPECT_TRUE(
            starts_with(outcomes.at(static_cast<std::size_t>(i)).error().trace(), place("refuse")));
    }
    for (const int i : {2, 5}) {
        EXPECT_TRUE(
            contains(outcomes.at(static_cast<std::size_t>(i)).error().trace(), place("look_up")));
    }
}

TEST(ThrownTrace, SurvivesAPoolWithinATask) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        Pool inner{1};
        return inner.apply([] { return culprits::refuse(1); });
    });
    ASSERT_FALSE(outcome);
    EXPECT_TRUE(contains(outcome.error().trace(), place("refuse")));
}

TEST(LastWords, OfARecursionThroughSeveralFunctionsAreFolded) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] { return culprits::even(0); });
    ASSERT_FALSE(outcome);
    const std::string trace = outcome.error().trace();
    EXPECT_TRUE(contains(trace, "more of these 2"));
    EXPECT_LT(std::count(trace.begin(), trace.end(), '\n'), 12) << trace;
}

/// A busy machine may leave the worker no time for them, so it is tried more than once.
procpool::Outcome<int> timed_out_with_place(int (*task)(), const std::string& expected) {
    Pool pool{1};
    for (const support::Bound bound(30s);;) {
        auto outcome = std::move(
            pool.try_map([task](int) { return task(); }, std::vector<int>{0}, {.timeout = 20ms})
                .at(0));
        if (outcome || outcome.error().message().find(expected) != std::string::npos ||
            !bound.pause()) {
            return outcome;
        }
    }
}

TEST(LastWords, OfAWorkerKilledForItsTimeSayWhereItSlept) {
    const auto outcome = timed_out_with_place(culprits::sleep_for_long, place("sleep_for_long"));
    ASSERT_FALSE(outcome);
    EXPECT_THROW(outcome.rethrow(), procpool::TaskTimeout);
    EXPECT_TRUE(contains(outcome.error().message(), "was killed in " + place("sleep_for_long")));
    EXPECT_TRUE(contains(outcome.error().message(), "exceeded the timeout of 20 ms"));
}

TEST(LastWords, OfAWorkerKilledForItsTimeSayWhereItComputed) {
    const auto outcome =
        timed_out_with_place(culprits::compute_for_ever, place("compute_for_ever"));
    ASSERT_FALSE(outcome);
    EXPECT_TRUE(contains(outcome.error().message(), "was killed in " + place("compute_for_ever")));
}

TEST(LastWords, AreNotWaitedForWhereATaskDoesNotHearTheQuestion) {
    Pool pool{1};
    const auto outcome = pool.try_map(
        [](int) {
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
            return culprits::sleep_for_long();
        },
        std::vector<int>{0}, {.timeout = 20ms});
    EXPECT_THROW(outcome.at(0).rethrow(), procpool::TaskTimeout);
}

TEST(LastWords, AreNotGivenToATaskThatAsksItself) {
    Pool pool{1};
    const auto outcome = outcome_of(pool, [] {
        union sigval value{};
        ::sigqueue(::getpid(), SIGSYS, value);
        return 0;
    });
    EXPECT_EQ(signal_of(outcome), SIGSYS);
}

}  // namespace
