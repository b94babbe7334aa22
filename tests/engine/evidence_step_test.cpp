// The evidence for a claim in doubt is in the slot of whoever claimed next, and stays there while
// that one goes on to other jobs (docs/protocol.md, part 3).

#include <atomic>
#include <csignal>
#include <functional>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/pool.hpp>

#include "engine/shared/steps.hpp"
#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

using procpool::engine::Step;

struct Stage {
    std::atomic<bool> first_may_end{false};  ///< the task of worker 0 that keeps it
    std::atomic<bool> armed{false};          ///< the next claim of worker 0 is the doubtful one
    std::atomic<bool> in_doubt{false};       ///< worker 0 has swapped and not said so
    std::atomic<bool> may_die{false};
    std::atomic<int> done_by_other{0};  ///< items that worker 1 finished
};
support::Shared<Stage> stage;

void direct(Step step, int worker) {
    if (worker == 1 && step == Step::worker_starts) {
        support::await(stage->in_doubt);
    }
    if (worker == 0 && step == Step::claim_swapped && stage->armed.exchange(false)) {
        stage->in_doubt = true;
        support::await(stage->may_die);
        ::kill(::getpid(), SIGKILL);
    }
}

int act(int item) {
    if (item == 20) {
        support::await(stage->first_may_end);
        stage->armed = true;
    }
    if (item == 11 || item == 21) {
        ++stage->done_by_other;
    }
    return item + 1;
}

TEST(Evidence, SurvivesItsAuthorsClaimsInOtherJobs) {
    procpool::engine::step_hook = &direct;
    procpool::Pool pool{2};  // worker 1 waits for the doubt
    const procpool::MapOptions one_by_one{.chunksize = 1};
    // The older claim of worker 0 is in a page behind that of the doubtful one, so that worker 1
    // comes by it after the doubtful one.
    auto placeholder = pool.map_async(&act, std::vector{1}, one_by_one);
    auto older = pool.map_async(&act, std::vector{20, 21}, one_by_one);
    EXPECT_EQ(placeholder.get(), std::vector{2});
    auto doubtful = pool.map_async(&act, std::vector{10, 11}, one_by_one);
    stage->first_may_end = true;
    support::await(stage->done_by_other, 2);
    stage->may_die = true;
    EXPECT_EQ(doubtful.get(std::chrono::seconds(20)), (std::vector{11, 12}));
    EXPECT_EQ(older.get(std::chrono::seconds(20)), (std::vector{21, 22}));
    procpool::engine::step_hook = nullptr;
}

}  // namespace
}  // namespace engine_test
