// procpool_test: OPTIMISED TIMEOUT 180
// A worker is killed at each step while it searches, closes a job, decodes a callable or retires.
// Every item may be tried again, so nobody may notice: kill_at_step_step_test.cpp looks at what a
// death costs.

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "kill_at_step.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

struct Plan {
    std::atomic<int> step{-1};
    std::atomic<int> pass{0};    ///< so many times a worker may come by first
    std::atomic<int> budget{0};  ///< kills
    std::atomic<int> kills{0};
};
support::Shared<Plan> plan;

void kill_hook_of_plan(Step step, int /*worker*/) {
    if (static_cast<int>(step) != plan->step || plan->pass-- > 0) {
        return;
    }
    if (plan->budget-- > 0) {
        ++plan->kills;
        ::kill(::getpid(), SIGKILL);
    }
}

constexpr int items = 60;
const procpool::MapOptions one_by_one{.chunksize = 1, .retries = 1000};
const procpool::MapOptions by_sevens{.chunksize = 7, .retries = 1000};

std::optional<int> over_20(int x) { return x > 20 ? std::optional(x) : std::nullopt; }
std::optional<std::string> over_20_in_words(int x) {
    return x > 20 ? std::optional(std::to_string(x)) : std::nullopt;
}
int fail_at_20(int x) {
    if (x == 20) {
        throw std::out_of_range("twenty");
    }
    return x;
}
int plus_length(int x, const std::string& text) { return x + static_cast<int>(text.size()); }

void search(procpool::Pool& pool, const procpool::MapOptions& how) {
    const std::vector<int> numbers = support::numbers(items);
    EXPECT_EQ(pool.find_first(&over_20, numbers, how), 21);
    EXPECT_EQ(pool.find_first(&over_20_in_words, numbers, how), "21");
    const auto any = pool.find_any(&over_20, numbers, how);
    EXPECT_TRUE(any && *any > 20);
}
void stop_at_the_first_failure(procpool::Pool& pool, procpool::MapOptions how) {
    how.fail_fast = true;
    EXPECT_THROW(pool.map(&fail_at_20, support::numbers(items), how), std::out_of_range);
}
void decode(procpool::Pool& pool, const procpool::MapOptions& how) {
    const auto results = pool.map(procpool::bind_back(&plus_length, std::string("four")),
                                  support::numbers(items), how);
    for (int i = 0; i < items; ++i) {
        EXPECT_EQ(results[static_cast<std::size_t>(i)], i + 4);
    }
}

class KillAtEnd : public testing::TestWithParam<int> {};

TEST_P(KillAtEnd, GoesUnnoticedWhereItemsAreTriedAgain) {
    int kills = 0;
    // A kill takes a sanitizer long and shows it nothing.
    for (const std::size_t lives : {0U, 5U}) {
        for (const auto& how : sanitized ? std::vector{lives == 0 ? one_by_one : by_sevens}
                                         : std::vector{one_by_one, by_sevens}) {
            for (const int pass : sanitized ? std::vector{0} : std::vector{0, 1, 5}) {
                plan->step = -1;
                procpool::engine::step_hook = &kill_hook_of_plan;
                procpool::PoolOptions options{.processes = 3};
                options.max_tasks_per_child = lives;
                procpool::Pool pool(options);
                for (void (*act)(procpool::Pool&, const procpool::MapOptions&) :
                     {&search,
                      +[](procpool::Pool& to, const procpool::MapOptions& with) {
                          stop_at_the_first_failure(to, with);
                      },
                      &decode}) {
                    plan->pass = pass;
                    plan->budget = 3;
                    plan->step = GetParam();
                    act(pool, how);
                    plan->step = -1;
                }
                kills += plan->kills.exchange(0);
            }
        }
    }
    procpool::engine::step_hook = nullptr;
    const bool may_be_missed =
        GetParam() == static_cast<int>(Step::claim_idle) ||  // only where two want the same items
        GetParam() == static_cast<int>(Step::part_published) ||
        GetParam() == static_cast<int>(Step::claim_inherited) ||         // only after another death
        (sanitized && GetParam() == static_cast<int>(Step::parking)) ||  // in one of few tries
        // only where a claim takes long
        (GetParam() >= static_cast<int>(Step::theft_proposed) &&
         GetParam() <= static_cast<int>(Step::theft_refused));
    EXPECT_TRUE(kills > 0 || may_be_missed) << "no worker came by";
}

INSTANTIATE_TEST_SUITE_P(Engine, KillAtEnd, testing::Range(1, procpool::engine::step_count),
                         [](const auto& param) {
                             return std::string(step_names[static_cast<std::size_t>(param.param)]);
                         });

}  // namespace
}  // namespace engine_test
