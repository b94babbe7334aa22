#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

/// Where an item begins and ends: with the first byte that is decoded for it, and when its result
/// is published. What happens between is its own: its death, its time.
namespace {

namespace mp = procpool;
using namespace std::chrono_literals;

enum class Deed { none, die, wait };

void act(Deed deed) {
    if (deed == Deed::die) {
        std::raise(SIGKILL);
    } else if (deed == Deed::wait) {
        support::wait_for_ever();
    }
}

/// Does its deed in a worker, where it is decoded.
struct BadToDecode {
    Deed deed = Deed::none;
    std::string text;
    pid_t home = ::getpid();

    template <class Archive>
    void serialize(Archive& archive) {
        archive(deed, text, home);
        if (home != ::getpid()) {
            act(deed);
        }
    }
};

/// Does its deed in a worker, where it is encoded.
struct BadToEncode {
    Deed deed = Deed::none;
    std::string text;

    template <class Archive>
    void serialize(Archive& archive) {
        act(deed);
        archive(text);
    }
};

std::size_t length(int more, const BadToDecode& bad) {
    return bad.text.size() + static_cast<std::size_t>(more);
}
BadToEncode result(Deed deed) { return {deed, "text"}; }

TEST(ItemBounds, ABoundArgumentThatCrashesWhileItIsDecodedCostsTheCall) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(mp::bind_back(length, BadToDecode{Deed::die, "text"}), 1),
                 mp::WorkerDied);
    EXPECT_EQ(pool.apply(mp::bind_back(length, BadToDecode{Deed::none, "text"}), 1), 5U);
}

TEST(ItemBounds, ABoundArgumentThatCrashesCostsEachItemOneDeath) {
    mp::Pool pool{2};
    const auto outcomes =
        pool.try_map(mp::bind_back(length, BadToDecode{Deed::die, "text"}), std::vector{1, 2, 3});
    for (const auto& outcome : outcomes) {
        EXPECT_FALSE(outcome);
    }
}

TEST(ItemBounds, TheTriesOfABoundArgumentThatCrashesAreCounted) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(mp::TaskOptions{.retries = 3},
                            mp::bind_back(length, BadToDecode{Deed::die, "text"}), 1),
                 mp::WorkerDied);
}

TEST(ItemBounds, ABoundArgumentThatNeverComesOutOfDecodingIsTimed) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(mp::TaskOptions{.timeout = 50ms},
                            mp::bind_back(length, BadToDecode{Deed::wait, "text"}), 1),
                 mp::TaskTimeout);
}

TEST(ItemBounds, AnArgumentThatCrashesWhileItIsDecodedCostsTheCall) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(length, 1, BadToDecode{Deed::die, "text"}), mp::WorkerDied);
}

TEST(ItemBounds, AResultThatCrashesWhileItIsEncodedCostsItsItem) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(result, Deed::die), mp::WorkerDied);
    EXPECT_EQ(pool.apply(result, Deed::none).text, "text");
}

TEST(ItemBounds, AResultThatNeverComesOutOfEncodingIsTimed) {
    mp::Pool pool{1};
    EXPECT_THROW(pool.apply(mp::TaskOptions{.timeout = 50ms}, result, Deed::wait), mp::TaskTimeout);
}

support::Shared<std::atomic<int>> finds;

/// The first of them kills its worker at its end, when it has been encoded.
struct Found {
    std::string text;
    pid_t home = 0;

    Found() = default;
    explicit Found(std::string found) : text(std::move(found)), home(::getpid()) {}
    Found(const Found&) = default;
    Found& operator=(const Found&) = default;
    ~Found() {
        if (home == ::getpid() && ++*finds == 1) {
            std::raise(SIGKILL);
        }
    }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(text);
    }
};

TEST(ItemBounds, ASearchGoesOnWhenAWorkerDiesWithWhatItFound) {
    *finds = 0;
    mp::Pool pool{1};
    const std::vector<int> numbers = support::numbers(100);
    const auto found = pool.find_any(
        [](int x) {
            return x % 10 == 5 ? std::optional<Found>(std::in_place, std::to_string(x))
                               : std::nullopt;
        },
        numbers, {.chunksize = 1});
    ASSERT_TRUE(found);
    EXPECT_NE(found->text, "5");
}

}  // namespace
