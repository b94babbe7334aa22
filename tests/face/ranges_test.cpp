// What may be mapped over.

#include <coroutine>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <list>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>

#include "support/lists.hpp"

namespace mp = procpool;
using support::listed;

namespace {

int twice(int x) { return 2 * x; }

/// The least that `for` accepts: it can be walked once, and its iterator cannot be copied.
class Generator {
public:
    struct promise_type {
        std::unique_ptr<int> value;
        Generator get_return_object() {
            return Generator(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v) {
            value = std::make_unique<int>(v);
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    struct Iterator {
        std::coroutine_handle<promise_type> handle;
        explicit Iterator(std::coroutine_handle<promise_type> h) : handle(h) {}
        Iterator(Iterator&&) = default;
        std::unique_ptr<int> operator*() const { return std::move(handle.promise().value); }
        void operator++() { handle.resume(); }
        bool operator!=(std::nullptr_t) const { return !handle.done(); }
    };
    explicit Generator(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;
    ~Generator() { handle_.destroy(); }
    Iterator begin() {
        handle_.resume();
        return Iterator(handle_);
    }
    std::nullptr_t end() { return nullptr; }

private:
    std::coroutine_handle<promise_type> handle_;
};

Generator counted(int n) {
    for (int i = 0; i < n; ++i) {
        co_yield i;
    }
}

/// A range that says another size than it has.
struct Lying {
    std::list<std::string> items{"a", "b", "c"};
    [[nodiscard]] std::size_t size() const { return claimed; }
    [[nodiscard]] auto begin() const { return items.begin(); }
    [[nodiscard]] auto end() const { return items.end(); }
    std::size_t claimed;
};

TEST(Ranges, TakesGeneratorsOfItemsThatOnlyMove) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.map([](std::unique_ptr<int> p) { return *p; }, counted(3)), listed(0, 1, 2));
    EXPECT_TRUE(pool.map([](std::unique_ptr<int> p) { return *p; }, counted(0)).empty());
}

TEST(Ranges, TakesViews) {
    mp::Pool pool{2};
    const auto odd = [](int x) { return x % 2 == 1; };
    const auto label = [](int x) { return std::to_string(x) + "n"; };
    EXPECT_EQ(pool.map(&twice, std::views::iota(0, 6) | std::views::filter(odd)), listed(2, 6, 10));
    EXPECT_EQ(pool.map(&std::string::size, std::views::iota(9, 11) | std::views::transform(label)),
              listed<std::size_t>(2, 3));
    const std::vector<std::string> words{"a", "", "b"};
    EXPECT_EQ(pool.map(&std::string::size,
                       words | std::views::filter([](const auto& w) { return !w.empty(); })),
              listed<std::size_t>(1, 1));
}

TEST(Ranges, WalksARangeOnce) {
    mp::Pool pool{1};
    int looks = 0;
    const std::vector<std::string> words{"a", "bb", "ccc"};
    const auto ever_more = [&looks](const std::string&) { return looks++ > 0; };
    EXPECT_EQ(pool.map(&std::string::size, words | std::views::filter(ever_more)),
              listed<std::size_t>(2, 3));
}

TEST(Ranges, BelievesNoSize) {
    mp::Pool pool{1};
    for (const std::size_t claimed : {0u, 1u, 3u, 1'000'000u}) {
        EXPECT_EQ(pool.map(&std::string::size, Lying{.claimed = claimed}),
                  listed<std::size_t>(1, 1, 1));
    }
}

TEST(Ranges, TakesAListInBraces) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(&twice, {1, 2, 3}), listed(2, 4, 6));
    EXPECT_EQ(pool.map(&twice, {1, 2, 3}, {.chunksize = 1}), listed(2, 4, 6));
    EXPECT_EQ(pool.map([](const std::string& s) { return s.size(); }, {"a", "bcd"}),
              listed(std::size_t{1}, 3));
    EXPECT_EQ(pool.starmap([](int a, int b) { return a + b; }, {std::pair{1, 2}, std::pair{3, 4}}),
              listed(3, 7));
    pool.for_each(&twice, {1, 2});
    EXPECT_EQ(pool.try_map(&twice, {1, 2}).at(1).value(), 4);
    EXPECT_EQ(pool.map_async(&twice, {1, 2}).get(), listed(2, 4));
    int sum = 0;
    for (const int value : pool.imap(&twice, {1, 2, 3})) {
        sum += value;
    }
    EXPECT_EQ(sum, 12);
    EXPECT_EQ(pool.find_first([](int x) { return std::optional(x); }, {7, 8}), 7);
    EXPECT_EQ(mp::fork_map(&twice, {1, 2}), listed(2, 4));
}

TEST(Ranges, TakesInitializerListsArraysAndProxies) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.map(&twice, std::initializer_list<int>{1, 2}), listed(2, 4));
    const int numbers[] = {1, 2};
    EXPECT_EQ(pool.map(&twice, numbers), listed(2, 4));
    const auto negate = [](bool b) { return !b; };
    EXPECT_EQ(pool.map(negate, std::vector<bool>{true, false}), (std::vector<bool>{false, true}));
    EXPECT_EQ(pool.map([](char c) { return c; }, std::string("ab")), listed('a', 'b'));
}

}  // namespace
