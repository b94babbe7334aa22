// procpool_test: THOROUGH TIMEOUT 120
// Every kind of call, drawn at random, on several threads of one pool, while its workers are
// killed: every answer is the right one, or tells of the death.

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/async.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>
#include <procpool/stream.hpp>

#include "support/beginners.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

support::Shared<support::Beginners> beginners;

std::int64_t triple(int x) {
    beginners->note();
    return 3 * static_cast<std::int64_t>(x);
}
std::string text_of(int x) {
    beginners->note();
    return std::string(static_cast<std::size_t>(x % 700), static_cast<char>('a' + x % 26));
}
std::optional<int> seek(int x) {
    beginners->note();
    return x >= 150 ? std::optional(x) : std::nullopt;
}
int nested(int x) {
    beginners->note();
    mp::Pool inner(1);
    return inner.apply(mp::TaskOptions{.retries = 1000}, [](int y) { return y + 1; }, x);
}

constexpr int often = 1000;  // retries: nobody is killed that often
using Random = std::mt19937_64;

std::vector<std::int64_t> tripled(const std::vector<int>& items) {
    std::vector<std::int64_t> all;
    for (const int x : items) {
        all.push_back(3 * static_cast<std::int64_t>(x));
    }
    return all;
}

class VerbsChaos : public testing::Test {
protected:
    static constexpr std::array names{"map",    "pristine", "try_map", "imap",   "imap_unordered",
                                      "half",   "cancel",   "submit",  "reduce", "find_first",
                                      "nested", "then",     "map_into"};

    void run(int kills) {
        kills_wanted_ = kills;
        {
            mp::Pool pool(3);
            std::vector<std::thread> callers;
            for (std::uint64_t seed = 1; seed <= 3; ++seed) {
                callers.emplace_back([&, seed] { call(pool, seed); });
            }
            kill_workers(pool);
            for (std::thread& caller : callers) {
                caller.join();
            }
            pool.close();
            pool.join();
        }
        EXPECT_TRUE(support::own_children().empty());
        EXPECT_EQ(thens_called_, thens_);
        for (std::size_t i = 0; i < names.size(); ++i) {
            EXPECT_GT(calls_[i], 0) << names[i];
            std::cout << "    " << names[i] << " " << calls_[i];
        }
        std::cout << "\n    " << kills_ << " kills\n";
    }

private:
    void kill_workers(mp::Pool& pool) {
        Random random(7);
        while (kills_ < kills_wanted_) {
            std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 4000));
            const std::vector<pid_t> workers = pool.worker_pids();
            const pid_t worker = workers.empty() ? 0 : workers[random() % workers.size()];
            if (worker > 0 && !beginners->is_to_be_spared(worker)) {
                kills_ += kill(worker, SIGKILL) == 0 ? 1 : 0;
            }
        }
        over_ = true;
    }

    void call(mp::Pool& pool, std::uint64_t seed) {
        Random random(seed);
        try {
            for (std::size_t verb = 0; !over_ || verb < names.size(); ++verb) {
                const std::size_t which = verb < names.size() ? verb : random() % names.size();
                one(pool, which, random);
                ++calls_[which];
            }
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
            over_ = true;
        }
    }

    void one(mp::Pool& pool, std::size_t verb, Random& random) {
        const std::vector<int> items = support::numbers(static_cast<int>(1 + random() % 400));
        const mp::MapOptions retried{.retries = often};
        switch (verb) {
            case 0:
                EXPECT_EQ(pool.map(triple, items, retried), tripled(items));
                break;
            case 1: {
                const std::vector<int> few = support::numbers(static_cast<int>(random() % 20));
                EXPECT_EQ(pool.map(triple, few, {.retries = often, .pristine = true}),
                          tripled(few));
                break;
            }
            case 2: {
                const auto outcomes = pool.try_map(text_of, items);
                for (std::size_t i = 0; i < items.size(); ++i) {
                    EXPECT_EQ(outcomes[i].index(), i);
                    if (outcomes[i]) {
                        EXPECT_EQ(*outcomes[i], text_of(items[i]));
                    } else {
                        EXPECT_THROW(outcomes[i].rethrow(), mp::WorkerDied);
                    }
                }
                break;
            }
            case 3: {
                std::vector<std::int64_t> all;
                for (auto&& x : pool.imap(triple, items, retried)) {
                    all.push_back(x);
                }
                EXPECT_EQ(all, tripled(items));
                break;
            }
            case 4: {
                std::int64_t sum = 0;
                for (auto&& x : pool.imap_unordered(triple, items, retried)) {
                    sum += x;
                }
                EXPECT_EQ(sum, 3 * std::accumulate(items.begin(), items.end(), std::int64_t{0}));
                break;
            }
            case 5: {
                auto stream = pool.imap(text_of, std::views::iota(0), retried);
                for (int i = 0; i < static_cast<int>(items.size()) / 2; ++i) {
                    EXPECT_EQ(stream.next(), text_of(i));
                }
                break;  // abandons the rest
            }
            case 6: {
                auto result = pool.map_async(triple, items, retried);
                if (result.cancel(std::chrono::milliseconds(random() % 2))) {
                    EXPECT_THROW(result.get(), mp::TaskCancelled);
                } else {
                    EXPECT_EQ(result.get(), tripled(items));
                }
                break;
            }
            case 7: {
                std::vector<mp::AsyncResult<std::int64_t>> results;
                std::int64_t sum = 0;
                for (int i = 0; i < 20; ++i) {
                    results.push_back(pool.submit(mp::TaskOptions{.retries = often}, triple, i));
                }
                for (auto& result : mp::as_completed(results)) {
                    sum += result.get();
                }
                EXPECT_EQ(sum, 3 * 190);
                break;
            }
            case 8: {
                const auto sum = pool.transform_reduce(
                    items, std::int64_t{0}, [](std::int64_t a, std::int64_t b) { return a + b; },
                    triple, retried);
                EXPECT_EQ(sum, 3 * std::accumulate(items.begin(), items.end(), std::int64_t{0}));
                break;
            }
            case 9: {
                const auto found = pool.find_first(seek, items, retried);
                EXPECT_EQ(found, items.size() > 150 ? std::optional(150) : std::nullopt);
                break;
            }
            case 10:
                EXPECT_EQ(pool.map(nested, {1, 2}, retried), (std::vector{2, 3}));
                break;
            case 11: {
                ++thens_;
                pool.submit(mp::TaskOptions{.retries = often}, triple, 5).then([this](auto got) {
                    EXPECT_EQ(*got, 15);
                    ++thens_called_;
                });
                break;
            }
            default: {
                mp::shared_vector<std::int64_t> out;
                pool.map_into(triple, items, out, retried);
                EXPECT_EQ(std::vector(out.begin(), out.end()), tripled(items));
                break;
            }
        }
    }

    std::atomic<int> kills_{0};
    int kills_wanted_ = 0;
    std::atomic<bool> over_{false};
    std::array<std::atomic<int>, names.size()> calls_{};
    std::atomic<int> thens_{0};
    std::atomic<int> thens_called_{0};
};

TEST_F(VerbsChaos, EveryAnswerIsRight) { run(sanitized ? 100 : 400); }

class ThoroughVerbsChaos : public VerbsChaos {};

TEST_F(ThoroughVerbsChaos, EveryAnswerIsRight) { run(20'000); }

}  // namespace
