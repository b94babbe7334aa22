// procpool_test: TIMEOUT 90
// A worker that ends by plan (join() after close(), max_tasks_per_child, memory_limit) ends in
// order: the finalizer, then its local objects, then its files and what was counted in it.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/detail/coverage.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>
#include <procpool/this_task.hpp>

#include "support/child.hpp"
#include "support/command.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using support::numbers;
using namespace std::chrono_literals;

namespace {

/// What happened, in its order, in all processes.
struct Journal {
    std::atomic<int> count{0};
    std::array<std::atomic<char>, 1000> letters{};

    void note(char letter) { letters.at(static_cast<std::size_t>(count++)) = letter; }
    [[nodiscard]] std::string text() const {
        return {letters.begin(), letters.begin() + count.load()};
    }
};

const support::Shared<Journal> journal;

template <char letter>
struct Noted {
    Noted() = default;
    Noted(const Noted&) = delete;
    Noted& operator=(const Noted&) = delete;
    ~Noted() { journal->note(letter); }
};

void close_and_join(mp::Pool& pool) {
    pool.close();
    pool.join();
}

int make_locals(int x) {
    static_cast<void>(mp::this_worker::local<Noted<'a'>>());
    static_cast<void>(mp::this_worker::local<Noted<'b'>>());
    return x;
}

void note_end() { journal->note('f'); }

int write_without_flushing(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "a");
    std::fputs("written\n", file);
    return ::getpid();
}

class OrderlyEnd : public testing::Test {
protected:
    OrderlyEnd() { journal->count = 0; }
};

}  // namespace

TEST_F(OrderlyEnd, DestroysLocalObjectsInReverseOrder) {
    mp::Pool pool{1};
    pool.map(make_locals, numbers(3));
    EXPECT_EQ(journal->text(), "");
    close_and_join(pool);
    EXPECT_EQ(journal->text(), "ba");
}

TEST_F(OrderlyEnd, DestroysThreadLocalObjectsOfTasksAndNoneOfTheProgram) {
    static thread_local std::unique_ptr<Noted<'p'>> of_program;
    of_program = std::make_unique<Noted<'p'>>();
    {
        mp::Pool pool{1};
        pool.apply([] { static thread_local const Noted<'t'> of_task; });
        close_and_join(pool);
    }
    EXPECT_EQ(journal->text(), "t");
    of_program.reset();
}

TEST_F(OrderlyEnd, RunsNoStaticDestructorAndNoAtexitHandler) {
    mp::Pool pool{1};
    pool.apply([] {
        static const Noted<'s'> object;
        std::atexit([] { journal->note('x'); });
    });
    close_and_join(pool);
    EXPECT_EQ(journal->text(), "");
}

TEST_F(OrderlyEnd, RunsTheFinalizerOnceInEachWorkerBeforeItsLocalObjectsGo) {
    mp::Pool pool{{.processes = 1, .finalizer = note_end}};
    pool.map(make_locals, numbers(3));
    close_and_join(pool);
    EXPECT_EQ(journal->text(), "fba");
}

TEST_F(OrderlyEnd, RunsTheFinalizerInWorkersThatHadNothingToDo) {
    mp::Pool pool{{.processes = 3, .finalizer = note_end}};
    close_and_join(pool);
    EXPECT_EQ(journal->text(), "fff");
}

TEST_F(OrderlyEnd, ComesAtTheMostTasksPerChild) {
    mp::Pool pool{{.processes = 1, .finalizer = note_end, .max_tasks_per_child = 2}};
    pool.map(make_locals, numbers(4), {.chunksize = 1});
    EXPECT_TRUE(support::eventually([] { return journal->text() == "fbafba"; })) << journal->text();
}

TEST_F(OrderlyEnd, ComesAtTheMemoryLimit) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer's allocator does not fail";
    }
    mp::Pool pool{{.processes = 1, .finalizer = note_end, .memory_limit = std::size_t{64} << 20U}};
    const auto outcomes = pool.try_map(
        [](int x) {
            for (;;) {
                std::vector<char>(1U << 20U, static_cast<char>(x)).swap(*new std::vector<char>);
            }
            return x;
        },
        numbers(1));
    EXPECT_FALSE(outcomes.at(0));
    EXPECT_TRUE(support::eventually([] { return journal->text() == "f"; })) << journal->text();
}

TEST_F(OrderlyEnd, WritesOutTheFilesOfTasks) {
    const support::Directory directory;
    const std::string path = directory.path() + "/log";
    mp::Pool pool{1};
    pool.apply(write_without_flushing, path);
    EXPECT_EQ(support::content_of(path), "");
    close_and_join(pool);
    EXPECT_EQ(support::content_of(path), "written\n");
}

TEST_F(OrderlyEnd, DoesNotComeWhenThePoolIsTerminated) {
    {
        mp::Pool pool{{.processes = 1, .finalizer = note_end}};
        pool.map(make_locals, numbers(3));
    }
    EXPECT_EQ(journal->text(), "");
}

TEST_F(OrderlyEnd, IsCutShortByTerminate) {
    mp::Pool pool{{.processes = 1, .finalizer = [] {
                       journal->note('f');
                       support::wait_for_ever();
                   }}};
    pool.close();
    const auto began = support::Clock::now();
    std::thread joins([&] { pool.join(); });
    support::await([] { return journal->text() == "f"; }, "the finalizer");
    pool.terminate();
    joins.join();
    EXPECT_LT(support::Clock::now() - began, 4s);
}

TEST_F(OrderlyEnd, IsBounded) {
    struct Stubborn {
        ~Stubborn() { support::wait_for_ever(); }
    };
    mp::Pool pool{1};
    pool.apply([] { static_cast<void>(mp::this_worker::local<Stubborn>()); });
    const auto began = support::Clock::now();
    close_and_join(pool);
    EXPECT_LT(support::Clock::now() - began, 15s);
}

TEST_F(OrderlyEnd, GoesOnAfterAFinalizerThatThrows) {
    testing::internal::CaptureStderr();
    {
        mp::Pool pool{{.processes = 1, .finalizer = [] { throw std::runtime_error("no disk"); }}};
        pool.map(make_locals, numbers(3));
        close_and_join(pool);
    }
    EXPECT_TRUE(contains(testing::internal::GetCapturedStderr(), "no disk"));
    EXPECT_EQ(journal->text(), "ba");
}

TEST_F(OrderlyEnd, GoesOnAfterAFinalizerThatEndsItsThread) {
    mp::Pool pool{{.processes = 1, .finalizer = [] { ::pthread_exit(nullptr); }}};
    pool.map(make_locals, numbers(3));
    close_and_join(pool);
    EXPECT_EQ(journal->text(), "ba");
}

TEST_F(OrderlyEnd, OfAPoolInTheCallerRunsTheFinalizerAtJoinOnce) {
    mp::Pool pool{{.start = mp::Start::in_caller, .finalizer = note_end}};
    pool.map(make_locals, numbers(1));
    close_and_join(pool);
    pool.join();
    EXPECT_EQ(journal->text(), "f");
}

TEST_F(OrderlyEnd, ComesAtTheEndOfForkMap) {
    mp::fork_map(make_locals, numbers(2), {.processes = 1});
    EXPECT_EQ(journal->text(), "ba");
}

TEST_F(OrderlyEnd, WritesWhatWasCountedInItsModules) {
    const mp::detail::Coverage counted([] { journal->note('c'); }, [] { journal->note('0'); });
    mp::Pool pool{1};
    pool.map(make_locals, numbers(1));
    EXPECT_EQ(journal->text(), "0");
    close_and_join(pool);
    EXPECT_EQ(journal->text(), "0bac");
}

TEST_F(OrderlyEnd, WritesCoverageOfTasks) {
    const support::Directory directory;
    const auto ended = support::run(PROCPOOL_PROGRAMS "/life/coverage", {}, [&] {
        ::setenv("GCOV_PREFIX", directory.path().c_str(), 1);
        ::setenv("GCOV_PREFIX_STRIP", "99", 1);
    });
    EXPECT_EQ(ended.exit_code(), 0) << ended.err;
    const auto files = support::entries_of(directory.path());
    EXPECT_EQ(files.size(), 1U);
}

TEST(Local, IsMadeWithTheArgumentsOfTheFirstCall) {
    mp::Pool pool{1};
    const auto sizes = pool.map(
        [](int n) { return mp::this_worker::local<std::vector<int>>(std::size_t{3}, n).size(); },
        numbers(2));
    EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3}));
    EXPECT_EQ(pool.apply([] { return mp::this_worker::local<std::vector<int>>().size(); }), 3U);
}
