// procpool_test: TIMEOUT 90 LABELS tsan
// Code of the program's that runs while a result is taken in: on the thread that wants the result,
// and under no lock of the pool.

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using support::eventually;
using support::numbers;

namespace {

/// What to do when a result is decoded in the client.
std::function<void(int)> at_decoding;
pid_t client = 0;
std::atomic<int> alive{0};
std::atomic<bool> destroyed_elsewhere{false};
std::thread::id owner;

/// A result whose type is the program's.
struct Letter {
    static constexpr int nobody = -1;

    int number;
    std::string text;

    Letter() : Letter(nobody) {}
    explicit Letter(int n) : number(n), text(std::to_string(n)) { ++alive; }
    Letter(const Letter& other) : number(other.number), text(other.text) { ++alive; }
    Letter& operator=(const Letter&) = default;
    ~Letter() {
        --alive;
        if (::getpid() == client && number != nobody && std::this_thread::get_id() != owner) {
            destroyed_elsewhere = true;
        }
    }

    template <class Archive>
    void serialize(Archive& archive) {
        const bool reads = number == nobody;
        archive(number, text);
        if (reads && ::getpid() == client && at_decoding) {
            at_decoding(number);
        }
    }
};

Letter letter(int i) { return Letter(i); }
std::optional<Letter> letter_from_5(int i) {
    return i >= 5 ? std::optional(Letter(i)) : std::nullopt;
}
int twice(int i) { return 2 * i; }

class Decoding : public testing::TestWithParam<mp::Start> {
protected:
    Decoding() {
        client = ::getpid();
        owner = std::this_thread::get_id();
        destroyed_elsewhere = false;
    }
    ~Decoding() override { at_decoding = nullptr; }

    mp::Pool pool{{.processes = 2, .start = GetParam()}};
};

class OfWorkers : public Decoding {};

TEST_P(Decoding, LeavesThePoolToOtherThreads) {
    std::latch decoding{1};
    std::atomic<bool> answered{false};
    bool answered_meanwhile = false;
    at_decoding = [&](int) {
        decoding.count_down();
        answered_meanwhile = eventually([&] { return answered.load(); }, 10s);
    };
    std::jthread other([&] {
        decoding.wait();
        EXPECT_EQ(pool.apply(twice, 4), 8);
        EXPECT_EQ(pool.map(twice, numbers(1000)).size(), 1000U);
        answered = true;
    });
    EXPECT_EQ(pool.apply(letter, 3).text, "3");
    EXPECT_TRUE(answered_meanwhile);
}

TEST_P(Decoding, LetsTheProgramCallThePool) {
    at_decoding = [&](int number) { EXPECT_EQ(pool.apply(twice, number), 2 * number); };
    const auto letters = pool.map(letter, numbers(20));
    ASSERT_EQ(letters.size(), 20U);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(letters[static_cast<std::size_t>(i)].text, std::to_string(i));
    }
}

TEST_P(Decoding, LetsThePoolEnd) {
    std::latch decoding{1};
    std::latch ended{1};
    at_decoding = [&](int) {
        decoding.count_down();
        ended.wait();
    };
    std::jthread end([&] {
        decoding.wait();
        pool.terminate();
        ended.count_down();
    });
    EXPECT_EQ(pool.apply(letter, 3).text, "3");
    EXPECT_THROW(pool.apply(twice, 1), mp::PoolTerminated);
}

TEST_P(Decoding, MayThrow) {
    at_decoding = [](int number) {
        if (number == 7) {
            throw std::out_of_range("a letter that nobody wrote");
        }
    };
    EXPECT_THROW(pool.map(letter, numbers(20)), std::out_of_range);
    const auto outcomes = pool.try_map(letter, numbers(20));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(outcomes[i].has_value(), i != 7) << i;
    }
}

TEST_P(Decoding, GivesASearchItsAnswer) {
    const auto first = pool.find_first(letter_from_5, numbers(100));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->number, 5);
    EXPECT_TRUE(pool.find_any(letter_from_5, numbers(100)));
    EXPECT_FALSE(pool.find_any(letter_from_5, numbers(5)));
}

/// Whatever thread takes in what has arrived.
TEST_P(OfWorkers, IsLeftToTheThreadThatWantsTheResult) {
    std::atomic<int> elsewhere{0};
    at_decoding = [&](int) { elsewhere += std::this_thread::get_id() == owner ? 0 : 1; };
    auto letters = pool.map_async(letter, numbers(200));
    std::jthread([&] {
        for (int i = 0; i < 300; ++i) {
            pool.apply(twice, i);
        }
        pool.close();
        pool.join();
    }).join();
    EXPECT_TRUE(letters.ready());
    EXPECT_EQ(letters.get().at(199).text, "199");
    EXPECT_EQ(elsewhere, 0);
}

/// A lock of the program's, held around a call, is not asked for a second time by that call.
TEST_P(OfWorkers, KeepsTheOrderOfLocks) {
    std::mutex registry;
    std::atomic<bool> failed{false};
    at_decoding = [&](int) {
        // Where the other thread holds it, that one must be able to end its call.
        const auto is_free = [&] {
            return std::unique_lock(registry, std::try_to_lock).owns_lock();
        };
        failed = failed || !eventually(is_free, 10s);
    };
    std::jthread other([&] {
        for (int i = 0; i < 500; ++i) {
            const std::scoped_lock lock(registry);
            EXPECT_EQ(pool.apply(twice, i), 2 * i);
        }
    });
    for (int i = 0; i < 500 && !failed; ++i) {
        EXPECT_EQ(pool.apply(letter, i).number, i);
    }
    EXPECT_FALSE(failed);
}

TEST_P(OfWorkers, OfResultsThatNobodyWantsEndsWithTheirAsyncResult) {
    const int before = alive;
    std::optional<mp::AsyncResult<std::vector<Letter>>> letters(pool.map_async(
        [](int i) {
            if (i == 150) {
                std::this_thread::sleep_for(300ms);
            }
            return Letter(i);
        },
        numbers(200), {.chunksize = 10}));
    std::atomic<int> decoded{0};
    at_decoding = [&](int) { ++decoded; };
    ASSERT_TRUE(eventually([&] {
        static_cast<void>(letters->ready());
        return decoded > 0;
    }));
    letters.reset();
    EXPECT_EQ(alive, before);
    std::jthread([&] {
        pool.close();
        pool.join();
    }).join();
    EXPECT_FALSE(destroyed_elsewhere);
}

INSTANTIATE_TEST_SUITE_P(Pools, OfWorkers, testing::Values(mp::Start::automatic));
INSTANTIATE_TEST_SUITE_P(Pools, Decoding,
                         testing::Values(mp::Start::automatic, mp::Start::in_caller));

}  // namespace
