// procpool_test: TIMEOUT 60
// What is shared, and what is reduced, reaches workers that were not forked from the client.

#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/init.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "support/lists.hpp"
#include "support/numbers.hpp"

namespace mp = procpool;
using support::copy_of;
using support::listed;
using support::numbers;

namespace {

using Span = mp::shared_span<const int>;

int sum_of(Span span) { return std::accumulate(span.begin(), span.end(), 0); }

class CleanWorkers : public testing::TestWithParam<mp::Start> {
protected:
    mp::Pool pool{{.processes = 2, .start = GetParam()}};
};
INSTANTIATE_TEST_SUITE_P(EveryStart, CleanWorkers,
                         testing::Values(mp::Start::forkserver, mp::Start::spawn),
                         [](const auto& test) {
                             return std::string(test.param == mp::Start::spawn ? "Spawn"
                                                                               : "Forkserver");
                         });

TEST_P(CleanWorkers, ReadASharedSpanWhereItLies) {
    const mp::shared_vector<int> data{1, 2, 3, 4};
    const std::vector<Span> parts{data.slice(0, 2), data.slice(1, 3)};
    EXPECT_EQ(pool.map(sum_of, parts), listed(3, 9));
    const auto at = [](int i, Span table) { return table[static_cast<std::size_t>(i)]; };
    EXPECT_EQ(pool.map(mp::bind_back(at, data.slice(2, 2)), numbers(2)), listed(3, 4));
}

TEST_P(CleanWorkers, WriteToTheirSlicesOfTheOutput) {
    mp::shared_vector<int> out(4);
    pool.map_into([](int x, std::span<int> slice) { slice[1] = x; }, {1, 2}, out);
    EXPECT_EQ(copy_of(out), listed(0, 1, 0, 2));
}

TEST_P(CleanWorkers, Reduce) {
    const auto longer = [](std::string a, const std::string& b) {
        return a.size() < b.size() ? b : a;
    };
    const auto spelled = [](int x, const std::string& before) {
        return before + std::to_string(x);
    };
    EXPECT_EQ(pool.transform_reduce(numbers(1'001), "", longer,
                                    mp::bind_back(spelled, std::string("item "))),
              "item 1000");
    EXPECT_EQ(pool.transform_reduce(numbers(1'000), 0, std::plus<>{}, std::negate<>{}), -499'500);
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
