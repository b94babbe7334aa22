#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>
#include <procpool/this_task.hpp>

#include "face/staff.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using support::Counter;
using support::numbers;
using support::Shared;

namespace {

using Words = std::map<std::string, int>;

Words merged(Words all, const Words& more) {
    for (const auto& [word, count] : more) {
        all[word] += count;
    }
    return all;
}

Words words_of(const std::string& line) {
    Words words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) {
        ++words[word];
    }
    return words;
}

std::string joined(std::string left, const std::string& right) { return std::move(left) + right; }
std::string spelled(int x) { return std::to_string(x) + ' '; }

/// Its sum depends on the order, and on where the brackets are.
double term(int i) { return (i % 2 == 0 ? 1.0 : -1.0) / (1.0 + 0.37 * i); }

TEST(TransformReduce, AddsUpWhatBecomesOfTheItems) {
    mp::Pool pool{2};
    const auto square = [](int x) { return x * x; };
    EXPECT_EQ(pool.transform_reduce(numbers(1'000), 0, std::plus<>{}, square), 332'833'500);
}

TEST(TransformReduce, TakesInitInOnce) {
    mp::Pool pool{2};
    const auto same = [](int x) { return x; };
    EXPECT_EQ(pool.transform_reduce(numbers(1'000), 1'000'000, std::plus<>{}, same), 1'499'500);
}

TEST(TransformReduce, OfNothingIsInit) {
    mp::Pool pool{2};
    const std::vector<int> nothing;
    EXPECT_EQ(pool.transform_reduce(nothing, 7, std::plus<>{}, std::negate<>{}), 7);
}

TEST(TransformReduce, KeepsTheOrderOfTheItems) {
    mp::Pool pool{3};
    for (const int count : {1, 2, 3, 127, 128, 129, 257, 5'000}) {
        std::string expected = "of ";
        for (int i = 0; i < count; ++i) {
            expected += spelled(i);
        }
        EXPECT_EQ(pool.transform_reduce(numbers(count), "of ", joined, spelled), expected);
    }
}

TEST(TransformReduce, GivesTheSameBitsWhateverTheNumberOfWorkers) {
    const auto sum = [](int workers) {
        mp::Pool pool{workers};
        return pool.transform_reduce(numbers(10'007), 0.1, std::plus<>{}, term);
    };
    const auto bits = std::bit_cast<std::uint64_t>(sum(1));
    for (const int workers : {2, 3, 8}) {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(sum(workers)), bits);
    }
}

TEST(TransformReduce, InTheCallerGivesTheBitsThatWorkersGive) {
    mp::Pool pool{2};
    mp::Pool here{{.start = mp::Start::in_caller}};
    const double apart = pool.transform_reduce(numbers(10'007), 0.1, std::plus<>{}, term);
    const double alone = here.transform_reduce(numbers(10'007), 0.1, std::plus<>{}, term);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(apart), std::bit_cast<std::uint64_t>(alone));
    EXPECT_EQ(here.transform_reduce({"a b", "b"}, Words{}, merged, words_of),
              (Words{{"a", 1}, {"b", 2}}));
}

TEST(TransformReduce, WithAChunksizeAddsUpSoManyItemsAtATime) {
    mp::Pool pool{2};
    // A sum of a block has brackets around it.
    const auto bracketed = [](const std::string& a, const std::string& b) {
        return "(" + a + b + ")";
    };
    const auto digit = [](int x) { return std::to_string(x); };
    EXPECT_EQ(pool.transform_reduce(numbers(5), "", bracketed, digit, {.chunksize = 2}),
              "(((" + std::string("(01)") + ")(23))4)");
}

TEST(TransformReduce, MergesMaps) {
    mp::Pool pool{2};
    std::vector<std::string> lines;
    for (int i = 0; i < 1'000; ++i) {
        lines.push_back("we map functions to data " + std::to_string(i % 3));
    }
    const Words words = pool.transform_reduce(lines, Words{}, merged, words_of);
    EXPECT_EQ(words, (Words{{"we", 1'000},
                            {"map", 1'000},
                            {"functions", 1'000},
                            {"to", 1'000},
                            {"data", 1'000},
                            {"0", 334},
                            {"1", 333},
                            {"2", 333}}));
}

/// Counts how often one is read from bytes.
struct Counted {
    int value = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(value);
        if constexpr (Archive::is_loading::value) {
            ++*decoded;
        }
    }
    static inline Counter* decoded = nullptr;
};

TEST(TransformReduce, ShipsAValueForEachBlockNotForEachItem) {
    Shared<Counter> decoded;
    Counted::decoded = decoded.get();
    mp::Pool pool{2};
    const Counted sum = pool.transform_reduce(
        numbers(20'000), Counted{}, [](Counted a, Counted b) { return Counted{a.value + b.value}; },
        [](int) { return Counted{1}; });
    EXPECT_EQ(sum.value, 20'000);
    EXPECT_LT(decoded->load(), 400);
}

TEST(TransformReduce, AddsToATableWhatIsNoTable) {
    mp::Pool pool{2};
    struct Count {
        std::vector<int> operator()(std::vector<int> a, const std::vector<int>& b) const {
            a.resize(10);
            std::transform(b.begin(), b.end(), a.begin(), a.begin(), std::plus<>{});
            return a;
        }
        std::vector<int> operator()(std::vector<int> bins, int bin) const {
            bins.resize(10);
            ++bins.at(static_cast<std::size_t>(bin));
            return bins;
        }
    };
    const auto last_digit = [](int x) { return x % 10; };
    EXPECT_EQ(pool.transform_reduce(numbers(10'000), std::vector<int>{}, Count{}, last_digit),
              std::vector<int>(10, 1'000));
}

TEST(TransformReduce, TakesAReduceThatReturnsAReferenceToItsArgument) {
    mp::Pool pool{2};
    struct Add {
        Words&& operator()(Words&& all, const Words& more) const {
            for (const auto& [word, count] : more) {
                all[word] += count;
            }
            return std::move(all);
        }
    };
    const std::vector<std::string> lines(500, "a b a");
    EXPECT_EQ(pool.transform_reduce(lines, Words{}, Add{}, words_of),
              (Words{{"a", 1'000}, {"b", 500}}));
}

TEST(TransformReduce, TakesLargeValuesOfOneSize) {
    using Bins = std::array<std::uint32_t, 16'384>;  // too large to lie side by side
    mp::Pool pool{2};
    const auto bin = [](int x) {
        Bins bins{};
        bins.at(static_cast<std::size_t>(x)) = 1;
        return bins;
    };
    const auto add = [](Bins a, const Bins& b) {
        std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>{});
        return a;
    };
    const Bins bins = pool.transform_reduce(numbers(400), Bins{}, add, bin);
    EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), 0U), 400U);
    EXPECT_EQ(bins[399], 1U);
}

TEST(TransformReduce, TakesValuesThatOnlyMove) {
    using Box = std::unique_ptr<int>;
    mp::Pool pool{2};
    const auto boxed = [](int x) { return std::make_unique<int>(x); };
    const auto add = [](Box a, Box b) { return std::make_unique<int>(*a + *b); };
    EXPECT_EQ(*pool.transform_reduce(numbers(1'000), std::make_unique<int>(1), add, boxed),
              499'501);
}

TEST(TransformReduce, TakesARangeThatIsReadOnce) {
    mp::Pool pool{2};
    std::istringstream text("1 2 3 4 5");
    EXPECT_EQ(pool.transform_reduce(std::ranges::istream_view<int>(text), 0, std::plus<>{},
                                    std::identity{}),
              15);
    EXPECT_EQ(pool.transform_reduce(std::list<int>{1, 2, 3}, 1, std::multiplies<>{},
                                    [](int x) { return x; }),
              6);
    EXPECT_EQ(pool.transform_reduce(std::views::iota(0, 10'000), 0, std::plus<>{},
                                    [](int x) { return x; }),
              49'995'000);
}

TEST(TransformReduce, TakesAListInBraces) {
    mp::Pool pool{2};
    EXPECT_EQ(pool.transform_reduce({1, 2, 3}, 0, std::plus<>{}, std::negate<>{}), -6);
}

TEST(TransformReduce, ReadsASharedVectorWhereItLies) {
    mp::Pool pool{2};
    const mp::shared_vector<double> data(100'000, 0.5);
    EXPECT_EQ(pool.transform_reduce(data, 0.0, std::plus<>{}, [](double x) { return 2 * x; }),
              100'000);
}

TEST(TransformReduce, TakesBoundArguments) {
    mp::Pool pool{2};
    const auto between = [](const std::string& by, std::string a, const std::string& b) {
        return a.empty() ? b : std::move(a) + by + b;
    };
    const auto repeated = [](int x, const std::string& what) { return what + std::to_string(x); };
    EXPECT_EQ(pool.transform_reduce({1, 2, 3}, "", mp::bind_front(between, ", "),
                                    mp::bind_back(repeated, std::string("item "))),
              "item 1, item 2, item 3");
}

TEST(TransformReduce, TakesMemberPointersAndFunctions) {
    mp::Pool pool{2};
    std::vector<face_test::Employee> staff(3);
    staff[1].id = 4;
    staff[2].id = 5;
    EXPECT_EQ(pool.transform_reduce(staff, 0, std::plus<>{}, &face_test::Employee::id), 9);
    EXPECT_EQ(pool.transform_reduce(numbers(3), "", joined, spelled), "0 1 2 ");
}

TEST(TransformReduce, ConvertsToTheTypeOfInit) {
    mp::Pool pool{2};
    const auto sum = pool.transform_reduce(std::vector<int>(1'000, 2'000'000'000), std::int64_t{0},
                                           std::plus<>{}, std::identity{});
    EXPECT_EQ(sum, std::int64_t{2'000'000'000'000});
}

TEST(TransformReduce, KnowsEachItemByItsIndex) {
    for (const mp::Start start : {mp::Start::automatic, mp::Start::in_caller}) {
        mp::Pool of_kind{{.processes = 2, .start = start}};
        const auto is_its_index = [](int x) {
            return mp::this_task::index() == static_cast<std::size_t>(x) ? 0 : 1;
        };
        EXPECT_EQ(of_kind.transform_reduce(numbers(3'000), 0, std::plus<>{}, is_its_index), 0);
        EXPECT_EQ(of_kind.transform_reduce(numbers(3'000), 0, std::plus<>{}, is_its_index,
                                           {.timeout = std::chrono::seconds{60}}),
                  0);
        // And the next call of another kind by its own.
        const auto index = [](int) { return static_cast<int>(mp::this_task::index()); };
        EXPECT_EQ(of_kind.map(index, numbers(100)), numbers(100));
    }
}

TEST(TransformReduce, ThrowsTheErrorOfTheLowestIndex) {
    for (const mp::Start start : {mp::Start::automatic, mp::Start::in_caller}) {
        mp::Pool of_kind{{.processes = 2, .start = start}};
        const auto picky = [](int x) {
            return x == 433 || x == 434 || x == 4'000 ? throw std::out_of_range("no") : x;
        };
        try {
            of_kind.transform_reduce(numbers(5'000), 0, std::plus<>{}, picky);
            FAIL() << "no error";
        } catch (const mp::TaskFailure& failure) {
            EXPECT_EQ(failure.index(), 433U);
            EXPECT_EQ(failure.type_name(), "std::out_of_range");
        }
        EXPECT_THROW(of_kind.transform_reduce(numbers(500), 0, std::plus<>{}, picky),
                     std::out_of_range);
    }
}

TEST(TransformReduce, AnErrorOfReduceIsThatOfTheItemItAdds) {
    mp::Pool pool{2};
    const auto add = [](int a, int b) { return b == 321 ? throw std::domain_error("321") : a + b; };
    try {
        pool.transform_reduce(numbers(1'000), 0, add, std::identity{}, {.chunksize = 100});
        FAIL() << "no error";
    } catch (const mp::TaskFailure& failure) {
        EXPECT_EQ(failure.index(), 321U);
    }
}

TEST(TransformReduce, AnErrorWhileSumsAreAddedIsThatOfTheFirstItemOfTheSum) {
    mp::Pool pool{2};
    // The items of a block are ones; only sums of blocks are larger on the right.
    const auto add = [](int a, int b) {
        return b > 1 && a > 400 ? throw std::domain_error("") : a + b;
    };
    try {
        pool.transform_reduce(std::vector<int>(1'000, 1), 0, add, std::identity{},
                              {.chunksize = 100});
        FAIL() << "no error";
    } catch (const mp::TaskFailure& failure) {
        EXPECT_EQ(failure.index(), 500U);
    }
}

TEST(TransformReduce, ReducesInTheWorkers) {
    mp::Pool pool{2};
    const auto client = ::getpid();
    const auto here = [client](int a, int b) {
        return ::getpid() == client ? throw std::logic_error("in the client") : a + b;
    };
    EXPECT_EQ(pool.transform_reduce(numbers(1'000), 0, here, std::identity{}), 499'500);
}

TEST(TransformReduce, ChecksItsOptions) {
    mp::Pool pool{2};
    EXPECT_THROW(
        pool.transform_reduce(numbers(3), 0, std::plus<>{}, std::identity{}, {.retries = -1}),
        std::invalid_argument);
}

TEST(TransformReduce, OfAStoppedCallIsCancelled) {
    mp::Pool pool{2};
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(pool.transform_reduce(numbers(1'000), 0, std::plus<>{}, std::identity{},
                                       {.stop = stop.get_token()}),
                 mp::TaskCancelled);
}

TEST(TransformReduce, OfAClosedPoolThrows) {
    mp::Pool pool{2};
    pool.close();
    EXPECT_THROW(pool.transform_reduce(numbers(3), 0, std::plus<>{}, std::identity{}),
                 mp::PoolClosed);
    EXPECT_THROW(pool.transform_reduce(std::vector<int>{}, 0, std::plus<>{}, std::identity{}),
                 mp::PoolClosed);
}

}  // namespace
