// imap and its kin: what a stream gives, when it reads its range, and how it composes.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <iterator>
#include <memory>
#include <numeric>
#include <ranges>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "face/feeds.hpp"
#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using feeds::AsItIs;
using feeds::InAPointer;
using feeds::Once;
using support::numbers;
using support::squares;

namespace {

static_assert(std::ranges::input_range<mp::Stream<int>>);
static_assert(std::ranges::input_range<mp::Stream<std::unique_ptr<int>>>);
static_assert(std::ranges::input_range<mp::Stream<mp::Outcome<void>>>);
static_assert(std::ranges::viewable_range<mp::Stream<int>>);
static_assert(!std::ranges::forward_range<mp::Stream<int>>);
static_assert(std::movable<mp::Stream<int>> && !std::copyable<mp::Stream<int>>);

int square(int x) { return x * x; }

template <class Range>
std::vector<std::ranges::range_value_t<Range>> all_of(Range&& range) {
    std::vector<std::ranges::range_value_t<Range>> all;
    for (auto&& element : range) {
        all.push_back(std::move(element));
    }
    return all;
}

template <class Range>
auto sorted(Range&& range) {
    auto all = all_of(range);
    std::ranges::sort(all);
    return all;
}

class Streams : public testing::Test {
protected:
    // Before the pool, so that its workers have them.
    support::Shared<std::atomic<bool>> go;
    support::Shared<std::atomic<int>> count;
    mp::Pool pool{2};
};

TEST_F(Streams, GiveTheResultsInOrder) {
    EXPECT_EQ(all_of(pool.imap(square, numbers(1000))), squares(1000));
}

TEST_F(Streams, GiveAllResultsInAnyOrder) {
    EXPECT_EQ(sorted(pool.imap_unordered(square, numbers(1000))), squares(1000));
}

TEST_F(Streams, GiveWhatArrivesFirstIfTheyAreUnordered) {
    auto stream = pool.imap_unordered(
        [go = go.get()](int i) {
            if (i == 0) {
                support::await([&] { return go->load(); }, "go");
            }
            return i;
        },
        numbers(100));
    for (int i = 1; i < 100; ++i) {
        EXPECT_NE(stream.next(), 0);
    }
    *go = true;
    EXPECT_EQ(stream.next(), 0);
    EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(Streams, OfNothingEndAtOnce) {
    EXPECT_EQ(pool.imap(square, numbers(0)).next(), std::nullopt);
    EXPECT_EQ(all_of(pool.imap_unordered(square, numbers(0))), numbers(0));
}

TEST_F(Streams, TakeItemsThatOnlyMoveAndCanBeReadOnce) {
    int read = 0;
    auto stream = pool.imap([](std::unique_ptr<int> x) { return std::make_unique<int>(*x + 1); },
                            Once(InAPointer{}, read, 50));
    int next = 0;
    for (const auto& result : stream) {
        EXPECT_EQ(*result, ++next);
    }
    EXPECT_EQ(next, 50);
    EXPECT_EQ(read, 50);
}

TEST_F(Streams, RefuseNothingThatVariesInSize) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < 300; ++i) {
        words.emplace_back(i % 7 == 0 ? 100'000 : i, 'x');
    }
    const auto twice = [](const std::string& word) { return word + word; };
    EXPECT_EQ(all_of(pool.imap(twice, words)), pool.map(twice, words));
}

TEST_F(Streams, GoOverWhatIsComputedAndOverWhatIsThere) {
    const std::vector<bool> bits{true, false, true};
    const auto no = [](bool bit) { return !bit; };
    EXPECT_EQ(all_of(pool.imap(no, bits)), (std::vector<bool>{false, true, false}));
    EXPECT_EQ(all_of(pool.imap(square, std::views::iota(0, 5) | std::views::reverse)),
              support::listed(16, 9, 4, 1, 0));
    int raw[] = {3, 4};
    EXPECT_EQ(all_of(pool.imap(square, raw)), support::listed(9, 16));
}

TEST_F(Streams, OfCallsWithoutAValueSayThatTheyWereMade) {
    int made = 0;
    for (const std::monostate& one : pool.imap([s = count.get()](int i) { *s += i; }, numbers(5))) {
        static_cast<void>(one);
        ++made;
    }
    EXPECT_EQ(made, 5);
    EXPECT_EQ(*count, 10);
    for (const mp::Outcome<void>& one : pool.try_imap_unordered([](int) {}, numbers(5))) {
        made += one.has_value() ? 1 : 0;
    }
    EXPECT_EQ(made, 10);
}

TEST_F(Streams, AreDrivenByTheThreadThatReadsThem) {
    std::vector<std::thread::id> readers;
    auto numbers = std::views::iota(0, 20) | std::views::transform([&](int i) {
                       readers.push_back(std::this_thread::get_id());
                       return i;
                   });
    static_cast<void>(all_of(pool.imap(square, numbers)));
    EXPECT_EQ(readers.size(), 20U);
    EXPECT_TRUE(support::all_are(std::this_thread::get_id(), readers));
}

TEST_F(Streams, ReadAsFarAheadAsTheBufferSays) {
    for (const std::size_t buffer : {1U, 2U, 7U, 100U, 1000U}) {
        int read = 0;
        auto stream = pool.imap(square, Once(AsItIs{}, read), {.buffer = buffer});
        for (int i = 0; i < 500; ++i) {
            ASSERT_EQ(stream.next(), i * i);
            ASSERT_LE(read, i + static_cast<int>(buffer));
        }
    }
}

/// Then the items that are passed over are done before more are read.
TEST_F(Streams, ReadNoFurtherAheadWhenElementsArePassedOver) {
    constexpr int buffer = 8;
    int read = 0;
    int farthest = 0;
    const auto note = [&, count = count.get()](int i) {
        farthest = std::max(farthest, read - count->load());
        return i;
    };
    auto stream = pool.imap(
        [count = count.get()](int i) {
            ++*count;
            return i;
        },
        Once(note, read), {.buffer = buffer});
    for (const int element : stream | std::views::drop(10'000) | std::views::take(1)) {
        EXPECT_EQ(element, 10'000);
    }
    EXPECT_LE(farthest, buffer);
}

TEST_F(Streams, EndWhereTheirRangeEndsWhenElementsArePassedOver) {
    for (const int items : {0, 1, 99, 100, 101}) {
        const auto rest =
            all_of(pool.imap(square, numbers(items), {.buffer = 3}) | std::views::drop(100));
        EXPECT_EQ(rest.size(), items == 101 ? 1U : 0U) << items;
    }
}

TEST_F(Streams, ReadFourItemsAheadForEachProcessUnlessTold) {
    int read = 0;
    auto stream = pool.imap_unordered(
        [go = go.get()](int i) {
            support::await([&] { return go->load(); }, "go");
            return i;
        },
        Once(AsItIs{}, read));
    EXPECT_EQ(read, 8) << "while there is nothing to consume";
    *go = true;
    for (int i = 0; i < 100; ++i) {
        static_cast<void>(stream.next());
        EXPECT_LE(read, i + 1 + 8);
    }
}

TEST_F(Streams, KeepTheWorkersBusyWhileTheyAreNotRead) {
    auto stream = pool.imap(
        [r = count.get(), go = go.get()](int i) {
            support::await([&] { return go->load(); }, "go");
            return ++*r, i;
        },
        numbers(8));
    *go = true;
    EXPECT_TRUE(support::eventually([&] { return *count == 8; }));
    EXPECT_EQ(stream.next(), 0);
}

TEST_F(Streams, ComposeWithViews) {
    const auto even = [](int x) { return x % 2 == 0; };
    EXPECT_EQ(all_of(pool.imap(square, std::views::iota(0)) | std::views::take(4)),
              support::listed(0, 1, 4, 9));
    auto stream = pool.imap(square, numbers(6));
    EXPECT_EQ(all_of(stream | std::views::filter(even)), support::listed(0, 4, 16));
}

TEST_F(Streams, GoOnWhereAViewHasLeftOff) {
    auto stream = pool.imap(square, std::views::iota(0));
    EXPECT_EQ(all_of(stream | std::views::take(3)), support::listed(0, 1, 4));
    EXPECT_EQ(all_of(stream | std::views::take(2)), support::listed(9, 16));
    EXPECT_EQ(stream.next(), 25);
}

TEST_F(Streams, AreTheInputOfOtherStreams) {
    auto squared = pool.imap(square, std::views::iota(0, 20));
    EXPECT_EQ(all_of(pool.imap([](int x) { return x + 1; }, squared)),
              all_of(pool.imap([](int x) { return x * x + 1; }, numbers(20))));
    EXPECT_EQ(pool.map(square, pool.imap(square, numbers(4))), support::listed(0, 1, 16, 81));
}

TEST_F(Streams, CanBeMovedWhileTheyAreRead) {
    auto stream = pool.imap(square, numbers(4));
    auto at = stream.begin();
    EXPECT_EQ(*at, 0);
    mp::Stream<int> other = std::move(stream);
    EXPECT_EQ(*++at, 1);
    EXPECT_EQ(all_of(other), support::listed(1, 4, 9));
    EXPECT_THROW(static_cast<void>(stream.next()), std::logic_error);
    EXPECT_THROW(static_cast<void>(stream.begin()), std::logic_error);
}

TEST_F(Streams, GiveTheSameElementUntilTheyGoOn) {
    auto stream = pool.imap(square, numbers(3));
    auto at = stream.begin();
    ++at;
    EXPECT_EQ(*at, 1);
    EXPECT_EQ(*at, 1);
    *at = 7;
    EXPECT_EQ(*at, 7) << "it is the stream's own";
    ++at;
    ++at;
    EXPECT_EQ(at, stream.end());
}

TEST_F(Streams, GoPastWhatIsNotThereYetWithoutWaiting) {
    auto stream = pool.imap(
        [go = go.get()](int i) {
            support::await([&] { return go->load() || i == 1; }, "go");
            return i;
        },
        numbers(2));
    auto at = stream.begin();
    ++at;
    EXPECT_EQ(*at, 1);
    *go = true;
}

TEST_F(Streams, WaitNoLongerThanTheyAreAskedTo) {
    auto stream = pool.imap(
        [go = go.get()](int i) {
            support::await([&] { return go->load(); }, "go");
            return i;
        },
        numbers(2));
    EXPECT_THROW(static_cast<void>(stream.next(0ns)), mp::TimeoutError);
    EXPECT_THROW(static_cast<void>(stream.next(5ms)), mp::TimeoutError);
    EXPECT_THROW(static_cast<void>(stream.next(-1s)), mp::TimeoutError);
    *go = true;
    EXPECT_EQ(stream.next(std::chrono::nanoseconds::max()), 0);
    EXPECT_EQ(stream.next(30s), 1);
    EXPECT_EQ(stream.next(0ns), std::nullopt);
}

TEST_F(Streams, WaitNoLongerThanTheyAreAskedToBehindWhatWasPassedOver) {
    auto stream = pool.imap(
        [go = go.get()](int i) {
            support::await([&] { return go->load(); }, "go");
            return i;
        },
        std::views::iota(0), {.buffer = 4});
    auto at = stream.begin();
    for (int i = 0; i < 4; ++i) {
        ++at;
    }
    EXPECT_THROW(static_cast<void>(stream.next(5ms)), mp::TimeoutError);
    *go = true;
    EXPECT_EQ(stream.next(30s), 4);
}

TEST_F(Streams, RefuseABufferOutOfRangeAtTheCall) {
    constexpr auto minus_one = static_cast<std::size_t>(-1);
    EXPECT_THROW(static_cast<void>(pool.imap(square, numbers(1), {.buffer = minus_one})),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(pool.imap(square, numbers(1), {.retries = -1})),
                 std::invalid_argument);
}

TEST_F(Streams, TakeTheChunksThatTheyAreToldTo) {
    const auto worker_of = [](int) { return mp::this_worker::id(); };
    // Unless one of them is slow, and half of its chunk is stolen.
    EXPECT_TRUE(support::eventually([&] {
        const auto workers =
            all_of(pool.imap(worker_of, numbers(64), {.chunksize = 16, .buffer = 64}));
        bool is_whole = std::ranges::count(workers, workers[0]) < 64;  // both took part
        for (std::size_t i = 0; i < 64; ++i) {
            is_whole = is_whole && workers[i] == workers[i / 16 * 16];
        }
        return is_whole;
    }));
}

TEST(StreamsInTheCaller, GiveTheSame) {
    mp::Pool pool({.start = mp::Start::in_caller});
    int read = 0;
    auto stream = pool.imap(square, Once(AsItIs{}, read));
    EXPECT_LE(read, 4);
    EXPECT_EQ(all_of(stream | std::views::take(100)), squares(100));
    EXPECT_EQ(sorted(pool.imap_unordered(square, numbers(50))), squares(50));
}

}  // namespace
