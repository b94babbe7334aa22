#include <cerrno>
#include <chrono>
#include <csignal>
#include <ios>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/failures.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::await;
using support::contains;
using support::Counter;
using support::failure_of;
using support::numbers;
using support::Shared;
using support::starts_with;
using namespace std::chrono_literals;

namespace {

TEST(MapError, IsThatOfTheLowestIndexWhateverCameFirst) {
    Shared<Counter> later_failed;
    mp::Pool pool{2};
    // Item 1 fails only after item 7 has.
    const auto fail = [later = later_failed.get()](int x) {
        if (x == 7) {
            ++*later;
            throw std::out_of_range("seven");
        }
        if (x == 1) {
            await(*later);
            throw std::domain_error("one");
        }
        return x;
    };
    const auto failure = failure_of([&] { pool.map(fail, numbers(10), {.chunksize = 1}); });
    EXPECT_EQ(failure.index(), 1u);
}

TEST(MapError, WaitsForAllOtherItems) {
    Shared<Counter> done;
    mp::Pool pool{2};
    const auto fail_first = [count = done.get()](int x) {
        if (x == 0) {
            throw std::runtime_error("first");
        }
        ++*count;
    };
    EXPECT_THROW(pool.map(fail_first, numbers(100)), std::runtime_error);
    EXPECT_EQ(*done, 99);
}

TEST(MapError, CostsOneItemAndNotItsChunk) {
    Shared<Counter> done;
    mp::Pool pool{1};
    const auto fail_some = [count = done.get()](int x) {
        if (x % 10 == 3) {
            throw std::runtime_error("a three");
        }
        ++*count;
        return x;
    };
    EXPECT_THROW(pool.map(fail_some, numbers(100), {.chunksize = 100}), std::runtime_error);
    EXPECT_EQ(*done, 90);
}

TEST(MapError, LeavesThePoolAsGoodAsNew) {
    mp::Pool pool{2};
    for (int again = 0; again < 20; ++again) {
        EXPECT_THROW(pool.map([](int) -> int { throw std::range_error("x"); }, numbers(3)),
                     std::range_error);
        EXPECT_EQ(pool.map([](int x) { return x; }, numbers(100)), numbers(100));
    }
}

TEST(MapError, ArrivesAsItsOwnStandardType) {
    mp::Pool pool{1};
    const auto one = numbers(1);
    EXPECT_THROW(pool.map([](int) -> int { throw std::out_of_range("x"); }, one),
                 std::out_of_range);
    EXPECT_THROW(pool.map([](int) -> int { throw std::bad_alloc(); }, one), std::bad_alloc);
    EXPECT_THROW(pool.map([](int) -> int { throw std::ios_base::failure("x"); }, one),
                 std::ios_base::failure);
    try {
        pool.map([](int) { throw std::system_error(EPIPE, std::generic_category(), "x"); }, one);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::broken_pipe);
    }
}

struct ParseError : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

TEST(MapError, OfADerivedTypeArrivesAsItsStandardBaseAndNamesItself) {
    mp::Pool pool{1};
    try {
        pool.map([](int x) { return x == 2 ? throw ParseError("no digit") : x; }, numbers(5));
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "no digit");
        const auto& failure = dynamic_cast<const mp::TaskFailure&>(error);
        EXPECT_EQ(failure.index(), 2u);
        EXPECT_NE(failure.worker_pid(), 0);
        EXPECT_TRUE(contains(failure.type_name(), "ParseError"));
        EXPECT_TRUE(contains(failure.message(), "item 2"));
    }
}

TEST(MapError, OfNoStandardTypeArrivesAsRemoteError) {
    mp::Pool pool{1};
    const auto failure = failure_of([&] { pool.map([](int) { throw 42; }, numbers(1)); });
    EXPECT_EQ(failure.type_name(), "int");
    EXPECT_THROW(pool.map([](int) { throw 42; }, numbers(1)), mp::RemoteError);
}

TEST(MapError, CopyingAResultMayFail) {
    struct Heavy {
        std::vector<std::string> parts;
        operator std::string() const { throw std::bad_alloc(); }
    };
    mp::Pool pool{1};
    const auto fail = [](int) { return static_cast<std::string>(Heavy{}); };
    EXPECT_THROW(pool.map(fail, numbers(3)), std::bad_alloc);
    EXPECT_EQ(pool.map([](int x) { return x; }, numbers(3)), numbers(3));
}

TEST(MapError, OfADeadWorkerNamesItemAndSignal) {
    mp::Pool pool{2};
    const auto die = [](int x) {
        if (x == 3) {
            raise(SIGKILL);
        }
        return x;
    };
    try {
        pool.map(die, numbers(10));
        FAIL();
    } catch (const mp::WorkerDied& error) {
        EXPECT_EQ(error.index(), 3u);
        EXPECT_EQ(error.signal(), SIGKILL);
    }
}

TEST(MapError, OfATaskThatExitsCarriesItsStatus) {
    mp::Pool pool{1};
    try {
        pool.map([](int) { _exit(7); }, numbers(1));
        FAIL();
    } catch (const mp::WorkerDied& error) {
        EXPECT_EQ(error.signal(), 0);
        EXPECT_EQ(error.exit_status(), 7);
    }
}

TEST(MapOptions, TimeoutEndsAnItemThatDoesNotEnd) {
    mp::Pool pool{2};
    const auto spin_at_2 = [](int x) {
        for (volatile bool forever = x == 2; forever;) {
        }
        return x;
    };
    try {
        pool.map(spin_at_2, numbers(4), {.timeout = 500ms});
        FAIL();
    } catch (const mp::TaskTimeout& error) {
        EXPECT_EQ(error.index(), 2u);
    }
}

TEST(MapOptions, RetriesItemsWhoseWorkerDied) {
    Shared<Counter> tries;
    mp::Pool pool{2};
    const auto die_twice = [count = tries.get()](int x) {
        if (x == 5 && ++*count <= 2) {
            raise(SIGKILL);
        }
        return x;
    };
    EXPECT_EQ(pool.map(die_twice, numbers(10), {.retries = 2}), numbers(10));
    EXPECT_EQ(*tries, 3);
}

TEST(MapOptions, DoesNotRetryAnExceptionOfTheTask) {
    Shared<Counter> tries;
    mp::Pool pool{1};
    const auto fail = [count = tries.get()](int) {
        ++*count;
        throw std::runtime_error("always");
    };
    EXPECT_THROW(pool.map(fail, numbers(1), {.retries = 5}), std::runtime_error);
    EXPECT_EQ(*tries, 1);
}

TEST(MapOptions, FailFastCancelsWhatHasNotStarted) {
    Shared<Counter> started;
    mp::Pool pool{1};
    // What starts before the cancelling arrives ends by its timeout: not all items can be run.
    const auto fail_at_5 = [count = started.get()](int x) {
        ++*count;
        if (x == 5) {
            throw std::runtime_error("five");
        }
        for (volatile bool forever = x > 5; forever;) {
        }
        return x;
    };
    EXPECT_THROW(
        pool.map(fail_at_5, numbers(10'000), {.chunksize = 1, .timeout = 500ms, .fail_fast = true}),
        std::runtime_error);
    EXPECT_LT(*started, 10'000);
}

TEST(MapOptions, FailFastNeverReportsACancelledItem) {
    mp::Pool pool{2};
    const auto fail_late = [](int x) {
        if (x == 50) {
            throw std::length_error("fifty");
        }
        return x;
    };
    for (int again = 0; again < 20; ++again) {
        EXPECT_THROW(pool.map(fail_late, numbers(1000), {.chunksize = 3, .fail_fast = true}),
                     std::length_error);
    }
}

pid_t client = 0;

/// Cannot be read where the results are.
struct Unwelcome {
    int value = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(value);
        if (::getpid() == client && value == 1) {
            throw std::range_error("not here");
        }
    }
};

TEST(MapError, OfReadingAResultIsNotBlamedOnAWorker) {
    mp::Pool pool{1};
    client = ::getpid();
    const auto outcomes =
        pool.try_map([](int i) { return Unwelcome{i + 1}; }, std::vector<int>{0, 1});
    client = 0;
    EXPECT_THROW(outcomes.at(0).rethrow(), std::range_error);
    EXPECT_TRUE(starts_with(outcomes.at(0).error().message(),
                            "item 0: reading its result threw std::range_error"));
    EXPECT_EQ(outcomes.at(1).value().value, 2);
}

}  // namespace
