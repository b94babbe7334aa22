#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/options.hpp>
#include <procpool/pool.hpp>

#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using namespace std::chrono_literals;

namespace {

constexpr auto id = [](int x) { return x; };

TEST(Options, OutOfRangeAreRefusedByEveryCall) {
    mp::Pool pool{1};
    const std::vector<int> items{1, 2, 3};
    const std::vector<mp::MapOptions> bad{{.chunksize = static_cast<std::size_t>(-1)},
                                          {.timeout = -1ns},
                                          {.retries = -1},
                                          {.retries = 1'000'000}};
    for (const auto& options : bad) {
        EXPECT_THROW(pool.map(id, items, options), std::invalid_argument);
        EXPECT_THROW(pool.map(id, std::vector<int>{}, options), std::invalid_argument);
        EXPECT_THROW(pool.try_map(id, items, options), std::invalid_argument);
        EXPECT_THROW(pool.for_each(id, items, options), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(pool.map_async(id, items, options)), std::invalid_argument);
    }
    EXPECT_THROW(pool.apply(mp::TaskOptions{.timeout = -1s}, id, 1), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(pool.submit(mp::TaskOptions{.retries = -1}, id, 1)),
                 std::invalid_argument);
}

TEST(Options, OutOfRangeAreNamedWithTheirValue) {
    try {
        mp::detail::check_options(static_cast<std::size_t>(-2), 0ns, 0ns, 0);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_TRUE(contains(error.what(), "chunksize is -2"));
    }
    try {
        static_cast<void>(mp::detail::checked_processes(-3));
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_TRUE(contains(error.what(), "processes is -3"));
    }
    try {
        const mp::Pool pool{{.processes = 1, .start = static_cast<mp::Start>(77)}};
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_TRUE(contains(error.what(), "start is 77"));
    }
}

TEST(Options, AreWrittenWithTheNamesOfTheirFields) {
    mp::Pool pool{1};
    const std::vector<int> items{1, 2, 3};
    EXPECT_EQ(pool.map(id, items,
                       {.chunksize = 2,
                        .timeout = 5s,
                        .retries = 2,
                        .fail_fast = true,
                        .progress = "testing"}),
              items);
    const std::string label = "testing";
    EXPECT_EQ(pool.map(id, items, {.progress = label}), items);
}

}  // namespace
