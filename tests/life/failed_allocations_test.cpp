// procpool_test: TIMEOUT 180 THOROUGH
// Each allocation of the client fails once, in turn, alone and with those behind it: the call is
// right or throws, and everything after it works. `./test` lets every fifth one fail.

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/async.hpp>
#include <procpool/bind.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "support/allocations.hpp"
#include "support/child.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"

namespace mp = procpool;
using support::numbers;

namespace {

pid_t client = 0;
std::atomic<bool> armed = false;
std::atomic<long> left = 0;     // allocations until one fails
std::atomic<long> failing = 1;  // so many in a row fail
std::atomic<bool> failed = false;

}  // namespace

bool allocation_fails(std::size_t /*size*/) noexcept {
    if (!armed || ::getpid() != client) {
        return false;
    }
    const long now = --left;
    if (now > 0 || now <= -failing) {
        return false;
    }
    failed = true;
    return true;
}

namespace {

struct Scenario {
    const char* name;
    bool (*right)(mp::Pool& pool);
};
void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

constexpr int ended = 77;  // the scenario allocates less often

/// How the scenario ends in a child whose n-th allocation fails: 0 if all is well.
int status_with(const Scenario& scenario, long nth, long in_a_row) {
    return support::status_of_child([&] {
        ::alarm(20);  // a hang ends it
        client = ::getpid();
        {
            mp::Pool pool{2};
            pool.apply([](int x) { return x; }, 1);
            left = nth;
            failing = in_a_row;
            try {
                armed = true;
                if (!scenario.right(pool)) {
                    return false;
                }
            } catch (const std::exception&) {
                // It may be what the scenario is about, or the failure.
            }
            armed = false;
            if (!failed) {
                std::_Exit(ended);
            }
            for (int round = 0; round < 2; ++round) {
                if (pool.map([](int x) { return x + 1; }, numbers(20'000)).back() != 20'000 ||
                    pool.apply([](const std::string& x) { return x + x; }, std::string(9'000, 'x'))
                            .size() != 18'000) {
                    return false;
                }
            }
            pool.for_each_worker([] {});
            mp::Pool another{2};
            if (another.apply([](int x) { return x; }, 9) != 9) {
                return false;
            }
        }
        return true;
    });
}

/// Did it fail as the pool broke, and for no other reason?
bool is_broken(const mp::Outcome<void>& outcome) {
    try {
        outcome.rethrow();
    } catch (const mp::PoolBroken&) {
        return true;
    } catch (const mp::TaskFailure&) {
    }
    return false;
}

class FailedAllocation : public testing::TestWithParam<std::tuple<Scenario, int>> {};

TEST_P(FailedAllocation, CostsNoMoreThanItsCall) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer has an allocator of its own";
    }
    const auto& [scenario, step] = GetParam();
    for (const long in_a_row : {1L, 100L}) {
        for (long nth = 1;; nth += step) {
            const int status = status_with(scenario, nth, in_a_row);
            if (WIFEXITED(status) && WEXITSTATUS(status) == ended) {
                break;
            }
            EXPECT_EQ(status, 0) << "allocation " << nth << ", " << in_a_row << " in a row";
        }
    }
}

constexpr Scenario scenarios[] = {
    {"Map",
     [](mp::Pool& pool) {
         return pool.map([](int x) { return 2 * x; }, numbers(10'000)).back() == 2 * 9'999;
     }},
    {"MapOfStrings",
     [](mp::Pool& pool) {
         const std::vector<std::string> texts(20, std::string(100, 'a'));
         return pool.map([](const std::string& s) { return s + s; }, texts).back().size() == 200;
     }},
    {"TryMapOfItemsThatThrow",
     [](mp::Pool& pool) {
         const auto outcomes = pool.try_map(
             [](int x) {
                 if (x == 3) {
                     throw std::runtime_error(std::string(200, 'y'));
                 }
                 return x;
             },
             numbers(6));
         return !outcomes.at(3).has_value();
     }},
    {"FailFastCostsNoWorker",
     [](mp::Pool& pool) {
         const auto workers = pool.worker_pids();
         try {
             pool.map([](int x) { return x == 3 ? throw std::runtime_error("three") : x; },
                      numbers(2'000), {.chunksize = 1, .fail_fast = true});
             return false;
         } catch (const std::runtime_error&) {
         } catch (const std::bad_alloc&) {
         }
         try {
             pool.for_each_worker([] { ::usleep(20'000); });  // in which one would be killed
         } catch (const mp::WorkerDied&) {
             return false;
         }
         return pool.worker_pids() == workers;
     }},
    {"Submit",
     [](mp::Pool& pool) {
         auto sum = pool.submit([](int x) { return x + 1; }, 1);
         auto text =
             pool.submit([](const std::string& s) { return s + "!"; }, std::string(5'000, 'z'));
         return sum.get() == 2 && text.get().size() == 5'001;
     }},
    {"FindFirst",
     [](mp::Pool& pool) {
         return pool.find_first([](int x) { return x >= 500 ? std::optional(x) : std::nullopt; },
                                numbers(1'000)) == 500;
     }},
    {"Stream",
     [](mp::Pool& pool) {
         int sum = 0;
         for (const int x : pool.imap([](int i) { return i; }, numbers(50))) {
             sum += x;
         }
         return sum == 50 * 49 / 2;
     }},
    {"StreamOfOutcomesThatMayBeStopped",
     [](mp::Pool& pool) {
         const std::stop_source stop;
         int seen = 0;
         for (const auto& outcome :
              pool.try_imap_unordered([](const std::string& s) { return s + "!"; },
                                      std::vector<std::string>(20, std::string(100, 's')),
                                      {.stop = stop.get_token()})) {
             seen += !outcome || outcome->size() == 101 ? 1 : 0;
         }
         return seen == 20;
     }},
    {"StreamOfItemsThatThrow",
     [](mp::Pool& pool) {
         auto stream = pool.try_imap(
             [](int x) {
                 if (x == 3) {
                     throw std::runtime_error(std::string(200, 'y'));
                 }
                 return x;
             },
             numbers(6));
         int right = 0;
         for (int i = 0; auto outcome = stream.next(); ++i) {
             right += !outcome->has_value() || (i != 3 && **outcome == i) ? 1 : 0;
         }
         return right == 6;
     }},
    {"ACancelledCall",
     [](mp::Pool& pool) {
         std::stop_source stop;
         auto result = pool.submit({.stop = stop.get_token()}, [] { ::pause(); });
         stop.request_stop();
         return !result.outcome().has_value();
     }},
    {"Callback",
     [](mp::Pool& pool) {
         static std::atomic<int> given;
         given = 0;
         pool.submit([](int x) { return x; }, 5).then([](mp::Outcome<int> outcome) {
             given = outcome ? *outcome : -1;
             given.notify_one();
         });
         given.wait(0);
         return given == 5;
     }},
    {"AsCompleted",
     [](mp::Pool& pool) {
         std::vector<mp::AsyncResult<int>> results;
         for (int i = 0; i < 4; ++i) {
             results.push_back(pool.submit([](int x) { return x; }, i));
         }
         int sum = 0;
         for (auto& result : mp::as_completed(results)) {
             sum += result.get();
         }
         return sum == 6;
     }},
    {"MapIntoASharedVector",
     [](mp::Pool& pool) {
         mp::shared_vector<int> in(20'000, 3);
         mp::shared_vector<int> out;
         pool.map_into([](int x) { return x + 1; }, in, out);
         return out[0] == 4;
     }},
    {"ManyCalls",
     [](mp::Pool& pool) {
         std::vector<mp::AsyncResult<std::vector<int>>> results;
         for (int i = 0; i < 5; ++i) {
             results.push_back(pool.map_async([](int x) { return x; }, numbers(3'000)));
         }
         return results.back().get().back() == 2'999;
     }},
    {"ForkMap",
     [](mp::Pool& /*pool*/) {
         const int one = 1;
         return mp::fork_map([&](int x) { return x + one; }, numbers(30), {.processes = 2})
                    .back() == 30;
     }},
    {"APoolMadeAndEnded",
     [](mp::Pool& /*pool*/) {
         mp::Pool pool{2};
         auto pending = pool.map_async([](int x) { return std::to_string(x); }, numbers(20));
         pool.close();
         pool.join();
         return pending.get().back() == "19";
     }},
    {"APoolWhoseForkServerIsKilled",
     [](mp::Pool& /*pool*/) {
         mp::Pool pool{2};
         auto other = pool.submit([] { ::pause(); });
         auto killer = pool.submit([] {
             ::kill(::getppid(), SIGKILL);
             ::pause();
         });
         try {
             static_cast<void>(killer.outcome());
         } catch (const std::bad_alloc&) {
         }
         return is_broken(other.outcome());
     }},
    {"APoolTerminated",
     [](mp::Pool& /*pool*/) {
         mp::Pool pool{2};
         auto texts = pool.map_async([](int x) { return std::to_string(x); }, numbers(20));
         auto endless = pool.submit([] { ::pause(); });
         try {
             pool.terminate();
         } catch (const std::bad_alloc&) {
         }
         texts.wait();
         return !endless.outcome().has_value();
     }},
};

std::string name_of(const testing::TestParamInfo<std::tuple<Scenario, int>>& test) {
    return std::get<0>(test.param).name;
}

INSTANTIATE_TEST_SUITE_P(OneInFive, FailedAllocation,
                         testing::Combine(testing::ValuesIn(scenarios), testing::Values(5)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Thorough, FailedAllocation,
                         testing::Combine(testing::ValuesIn(scenarios), testing::Values(1)),
                         name_of);

}  // namespace
