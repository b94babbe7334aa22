// procpool_test: TIMEOUT 90
// Why every fit has nthread 1: the library keeps its threads, a fork does not copy them, and in the
// child it waits for them for ever. docs/forest.md tells the story; here it is shown, the cures
// too.

#include <array>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <xgboost/c_api.h>

#include <procpool/cpu.hpp>
#include <procpool/init.hpp>
#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"

namespace {

namespace mp = procpool;
using namespace std::chrono_literals;

/// Grows a tree on a few hundred rows. What it says of the first of them.
float grow(int threads) {
    constexpr std::size_t rows = 300;
    std::vector<float> values(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        values[i] = static_cast<float>(i % 7);
    }
    const auto check = [](int status) {
        if (status != 0) {
            throw std::runtime_error(::XGBGetLastError());
        }
    };
    void* matrix = nullptr;
    void* booster = nullptr;
    check(::XGDMatrixCreateFromMat_omp(values.data(), rows, 1,
                                       std::numeric_limits<float>::quiet_NaN(), &matrix, threads));
    check(::XGDMatrixSetFloatInfo(matrix, "label", values.data(), rows));
    check(::XGBoosterCreate(&matrix, 1, &booster));
    check(::XGBoosterSetParam(booster, "nthread", std::to_string(threads).c_str()));
    check(::XGBoosterSetParam(booster, "tree_method", "exact"));
    check(::XGBoosterSetParam(booster, "verbosity", "0"));
    check(::XGBoosterUpdateOneIter(booster, 0, matrix));
    bst_ulong count = 0;
    const float* predictions = nullptr;
    check(::XGBoosterPredict(booster, matrix, 0, 0, 0, &count, &predictions));
    const float first = predictions[0];
    ::XGBoosterFree(booster);
    ::XGDMatrixFree(matrix);
    return first;
}

/// In a process of its own: what a test does to the library stays there.
template <class Act>
void in_a_fresh_process(Act act) {
    EXPECT_EQ(support::status_of_child(act), 0);
}

/// Threads that the system gives this process: two are asked for, and one needs two CPUs.
bool library_has_threads() { return mp::usable_cpus() > 1; }

TEST(LibraryThreads, HangInAWorkerThatWasForkedAfterTheyBeganAndTheTimeoutEndsThat) {
    if (!library_has_threads()) {
        GTEST_SKIP() << "the library starts threads only on two CPUs";
    }
    in_a_fresh_process([] {
        // [hang]
        grow(2);           // the program trains once, on two threads
        mp::Pool pool{1};  // the worker is forked now
        // [/hang]
        try {
            // [hang]
            (void)pool.apply({.timeout = 2s}, grow, 2);  // and would never answer
            // [/hang]
        } catch (const mp::TaskTimeout&) {
            return true;
        }
        return false;
    });
}

TEST(LibraryThreads, DoNotMatterToAWorkerThatAsksForOne) {
    in_a_fresh_process([] {
        const float expected = grow(2);
        mp::Pool pool{1};
        return pool.apply({.timeout = 20s}, grow, 1) == expected;
    });
}

TEST(LibraryThreads, DoNotMatterToAPoolThatIsOlder) {
    in_a_fresh_process([] {
        mp::Pool pool{1};  // forked before the client has threads, and so are its replacements
        const float expected = grow(2);
        if (pool.apply({.timeout = 20s}, grow, 2) != expected) {
            return false;
        }
        const auto before = pool.worker_pids();
        ::kill(before.at(0), SIGKILL);
        return support::eventually([&] { return pool.worker_pids() != before; }) &&
               pool.apply({.timeout = 20s}, grow, 2) == expected;
    });
}

TEST(LibraryThreads, DoNotMatterAfterInit) {
    in_a_fresh_process([] {
        const std::array<const char*, 2> arguments{"program", nullptr};
        mp::init(1, arguments.data());  // workers come from this image, whatever the client does
        const float expected = grow(2);
        mp::Pool pool{1};
        return pool.apply({.timeout = 20s}, grow, 2) == expected;
    });
}

TEST(LibraryThreads, AreNotStartedByAWorkerOfTheForest) {
    in_a_fresh_process([] {
        mp::Pool pool{1};
        return pool.apply(
                   {.timeout = 20s},
                   [](int threads) {
                       grow(threads);
                       return support::entries_of("/proc/self/task").size();
                   },
                   1) == 1;
    });
}

}  // namespace
