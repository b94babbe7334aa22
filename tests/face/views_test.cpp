#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/errors.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::copy_of;
using support::listed;

/// A callable that takes a view of a string or a vector is shown it where it lies.
namespace {

std::uintptr_t place(const void* data) { return reinterpret_cast<std::uintptr_t>(data); }

std::size_t size_of(std::string_view text) { return text.size(); }
std::uintptr_t place_of_text(std::string_view text) { return place(text.data()); }

std::vector<std::string> texts() { return {std::string(10'000, 'a'), std::string(333, 'b'), ""}; }

TEST(Views, ShowAString) {
    mp::Pool pool{2};
    const auto last = [](std::string_view text) { return text.empty() ? '-' : text.back(); };
    EXPECT_EQ(pool.map(last, texts()), listed('a', 'b', '-'));
    EXPECT_EQ(pool.map(size_of, texts()), (std::vector<std::size_t>{10'000, 333, 0}));
}

TEST(Views, ShowAVector) {
    mp::Pool pool{2};
    const auto sum = [](std::span<const double> values) {
        return std::accumulate(values.begin(), values.end(), 0.0);
    };
    const std::vector<std::vector<double>> vectors{{1, 2}, {}, {3.5}};
    EXPECT_EQ(pool.map(sum, vectors), listed(3.0, 0.0, 3.5));
}

TEST(Views, AreOfTheInputsWhereTheyLie) {
    mp::Pool pool{1};
    // One behind the other: no copies.
    const std::vector<std::uintptr_t> places = pool.map(place_of_text, texts());
    EXPECT_EQ(places[1], places[0] + 10'000);
    EXPECT_EQ(places[2], places[1] + 333);
    const auto start = [](std::span<const int> values) { return place(values.data()); };
    const auto starts = pool.map(start, std::vector<std::vector<int>>{{1, 2, 3}, {4}, {5}});
    EXPECT_EQ(starts[1], starts[0] + 3 * sizeof(int));
    EXPECT_EQ(starts[2], starts[1] + sizeof(int));
}

TEST(Views, AreReadOnly) {
    mp::Pool pool{1};
    const auto write = [](std::string_view text) {
        const_cast<char&>(text[0]) = 'x';
        return 0;
    };
    EXPECT_THROW(pool.map(write, {"text"}), mp::WorkerDied);
}

TEST(Views, ShowWhatHasBoundArgumentsBesideIt) {
    mp::Pool pool{1};
    const auto at = [](std::string_view text, std::size_t offset) {
        return place(text.data()) - offset;
    };
    const auto from = [](std::size_t offset, const std::string_view& text) {
        return place(text.data()) - offset;
    };
    for (const auto& places : {pool.map(mp::bind_back(at, std::size_t{0}), texts()),
                               pool.map(mp::bind_front(from, std::size_t{0}), texts())}) {
        EXPECT_EQ(places[1], places[0] + 10'000);
    }
}

TEST(Views, ShowItemsOfEveryCall) {
    mp::Pool pool{2};
    std::size_t total = 0;
    for (const std::size_t size : pool.imap(size_of, texts())) {
        total += size;
    }
    EXPECT_EQ(total, 10'333U);
    EXPECT_EQ(pool.transform_reduce(texts(), std::size_t{0}, std::plus<>{}, size_of), 10'333U);
    EXPECT_EQ(*pool.try_map(size_of, texts()).at(1), 333U);
    mp::shared_vector<std::size_t> sizes(3);
    pool.map_into([](std::string_view text, std::span<std::size_t> out) { out[0] = text.size(); },
                  texts(), sizes);
    EXPECT_EQ(copy_of(sizes), (std::vector<std::size_t>{10'000, 333, 0}));
    mp::Pool here{{.start = mp::Start::in_caller}};
    EXPECT_EQ(here.map(size_of, texts()), (std::vector<std::size_t>{10'000, 333, 0}));
}

TEST(Views, ShowElementsThatNeedAlignmentInAnyCase) {
    struct alignas(32) Wide {
        double values[4];
    };
    mp::Pool pool{2};
    const auto sum = [](std::span<const Wide> wide) {
        double total = 0;
        for (const Wide& each : wide) {
            EXPECT_EQ(place(&each) % alignof(Wide), 0U);
            total += each.values[0] + each.values[3];
        }
        return total;
    };
    const std::vector<std::vector<Wide>> items{{Wide{{1, 2, 3, 4}}}, {}, {Wide{{5, 6, 7, 8}}}};
    EXPECT_EQ(pool.map(sum, items), listed(5.0, 0.0, 13.0));
}

TEST(Views, AreNotForcedOnATemplate) {
    mp::Pool pool{2};
    const auto longer = [](const auto& text) { return text + "!"; };  // a string, not its view
    EXPECT_EQ(pool.map(longer, {"a", "b"}), listed("a!", "b!"));
}

TEST(Views, OfAStringThatATaskWantsToKeepAreACopy) {
    mp::Pool pool{2};
    const auto taken = [](std::string text) {
        text[0] = 'x';
        return text;
    };
    EXPECT_EQ(pool.map(taken, {"abc"}), listed("xbc"));
}

}  // namespace
