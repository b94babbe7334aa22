#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/errors.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "support/lists.hpp"
#include "support/numbers.hpp"

namespace mp = procpool;
using support::copy_of;
using support::listed;
using support::numbers;
using Span = mp::shared_span<const int>;

namespace {

mp::shared_vector<int> count_to(int count) {
    const std::vector<int> values = numbers(count);
    return {values.begin(), values.end()};
}

int sum_of(std::span<const int> span) { return std::accumulate(span.begin(), span.end(), 0); }

/// Rows of ten.
std::vector<Span> rows_of(const mp::shared_vector<int>& matrix) {
    std::vector<Span> rows;
    for (std::size_t i = 0; i < matrix.size(); i += 10) {
        rows.push_back(matrix.slice(i, 10));
    }
    return rows;
}

struct Named {
    std::string name;
    Span values;
};

TEST(SharedSpan, IsAPartOfAVector) {
    const auto v = count_to(10);
    const Span part = v.slice(2, 3);
    EXPECT_EQ(copy_of(part), listed(2, 3, 4));
    EXPECT_EQ(part.data(), v.data() + 2);
    EXPECT_EQ(copy_of(part.slice(1, 2)), listed(3, 4));
    EXPECT_EQ(part.front() + part.back() + part[1], 9);
    EXPECT_TRUE(v.slice(10, 0).empty());
    EXPECT_TRUE(mp::shared_vector<int>().slice(0, 0).empty());
}

TEST(SharedSpan, IsNoLongerThanItsVector) {
    const auto v = count_to(10);
    EXPECT_THROW(static_cast<void>(v.slice(8, 3)), std::out_of_range);
    EXPECT_THROW(static_cast<void>(v.slice(11, 0)), std::out_of_range);
    EXPECT_THROW(static_cast<void>(v.slice(1, SIZE_MAX)), std::out_of_range);
    EXPECT_THROW(static_cast<void>(v.slice(2, 3).slice(1, 3)), std::out_of_range);
}

TEST(SharedSpan, OutlivesItsVector) {
    std::optional<mp::shared_vector<int>> v(count_to(10));
    const Span part = v->slice(2, 3);
    v->reserve(100'000);
    v->front() = 7;
    v.reset();
    const mp::shared_vector<int> other(100, -1);
    EXPECT_EQ(copy_of(part), listed(2, 3, 4));
}

TEST(SharedSpan, IsAnItem) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map(sum_of, rows_of(count_to(30))), listed(45, 145, 245));
}

TEST(SharedSpan, IsReadWhereItLies) {
    mp::Pool pool{2};
    const auto v = count_to(30);
    const auto address = [](Span row) { return reinterpret_cast<std::uintptr_t>(row.data()); };
    const auto first = reinterpret_cast<std::uintptr_t>(v.data());
    EXPECT_EQ(pool.map(address, rows_of(v)),
              listed(first, first + 10 * sizeof(int), first + 20 * sizeof(int)));
}

TEST(SharedSpan, IsAnArgument) {
    mp::Pool pool{2};
    const auto v = count_to(10);
    const auto dot = [](Span a, Span b) {
        return std::inner_product(a.begin(), a.end(), b.begin(), 0);
    };
    EXPECT_EQ(pool.apply(dot, v.slice(0, 3), v.slice(5, 3)), 6 + 14);
    EXPECT_EQ(pool.submit(sum_of, v.slice(8, 2)).get(), 17);
    EXPECT_EQ(pool.starmap(dot, std::vector{std::pair(v.slice(1, 1), v.slice(2, 1))}), listed(2));
}

TEST(SharedSpan, IsPartOfAnItem) {
    mp::Pool pool{2};
    const auto v = count_to(10);
    const std::vector<Named> items{{"a", v.slice(0, 2)}, {"b", v.slice(2, 2)}};
    const auto label = [](const Named& named) {
        return named.name + std::to_string(sum_of(named.values));
    };
    EXPECT_EQ(pool.map(label, items), listed("a1", "b5"));
    const std::vector<std::map<int, std::vector<Span>>> nested{{{7, {v.slice(3, 3)}}}};
    const auto inner = [](const std::map<int, std::vector<Span>>& map) {
        return sum_of(map.at(7).at(0));
    };
    EXPECT_EQ(pool.map(inner, nested), listed(12));
}

TEST(SharedSpan, IsABoundArgument) {
    mp::Pool pool{2};
    const auto v = count_to(10);
    const auto at = [](int i, Span table) { return table[static_cast<std::size_t>(i)]; };
    EXPECT_EQ(pool.map(mp::bind_back(at, v.slice(5, 5)), numbers(3)), listed(5, 6, 7));
}

TEST(SharedSpan, IsAnItemOfAStream) {
    mp::Pool pool{2};
    const auto v = count_to(1'000);
    auto slices = std::views::iota(std::size_t{0}, v.size()) |
                  std::views::transform([&v](std::size_t i) { return v.slice(i, 1); });
    int total = 0;
    for (const int sum : pool.imap(sum_of, slices)) {
        total += sum;
    }
    EXPECT_EQ(total, 499'500);
}

TEST(SharedSpan, IsReducedOver) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.transform_reduce(rows_of(count_to(1'000)), 0, std::plus<>{}, sum_of), 499'500);
}

TEST(SharedSpan, KeepsItsMemoryUntilTheCallIsOver) {
    mp::Pool pool{2};
    std::vector<mp::AsyncResult<int>> sums;
    for (int i = 0; i < 50; ++i) {
        auto v = count_to(10'000);
        sums.push_back(pool.submit(sum_of, v.slice(0, 10'000)));
        // The vector is gone, and its memory would be the next one's.
    }
    for (auto& sum : sums) {
        EXPECT_EQ(sum.get(), 49'995'000);
    }
}

TEST(SharedSpan, OfNothingTravels) {
    mp::Pool pool{2};
    const auto size = [](Span span) { return span.size(); };
    EXPECT_EQ(pool.map(size, std::vector<Span>{{}, count_to(3).slice(1, 0)}),
              (std::vector<std::size_t>{0, 0}));
}

TEST(SharedSpan, TravelsInTheCaller) {
    mp::Pool here{{.start = mp::Start::in_caller}};
    EXPECT_EQ(here.map(sum_of, rows_of(count_to(20))), listed(45, 145));
}

/// Says what it holds to nobody who asks by its type.
struct Closed {
    Span span;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(span);
    }
};

TEST(SharedSpan, DoesNotTravelBack) {
    mp::Pool pool{2};
    const auto v = count_to(3);
    const auto same = [](Closed closed) { return closed; };
    EXPECT_THROW(pool.map(same, std::vector<Closed>{{v.slice(0, 3)}}), mp::NotShippable);
    mp::Pool here{{.start = mp::Start::in_caller}};
    EXPECT_THROW(here.map(same, std::vector<Closed>{{v.slice(0, 3)}}), mp::NotShippable);
}

TEST(SharedSpan, DoesNotTravelOnToAPoolOfItsTask) {
    mp::Pool pool{2};
    const auto nested = [](Span span) {
        mp::Pool inner{1};
        return inner.apply(sum_of, span);
    };
    EXPECT_THROW(pool.apply(nested, count_to(3).slice(0, 3)), mp::NotShippable);
}

TEST(SharedSpan, IsInheritedByForkMap) {
    const auto v = count_to(20);
    EXPECT_EQ(mp::fork_map(sum_of, rows_of(v)), listed(45, 145));
}

TEST(SharedSpan, OfATaskIsReadOnly) {
    mp::Pool pool{2};
    const auto write = [](Span span) { return const_cast<int&>(span[0]) = 1; };
    EXPECT_THROW(pool.apply(write, count_to(3).slice(0, 3)), mp::WorkerDied);
}

}  // namespace
