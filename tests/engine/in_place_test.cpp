// Results in place: a worker may write a block while its job runs, and a block that served one job
// soon serves another.

#include <atomic>
#include <stdexcept>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/detail/engine.hpp>
#include <procpool/shared.hpp>

#include "collected.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

support::Shared<std::atomic<int>> allowed;

int hold(int item) {
    while (*allowed <= item) {
        ::usleep(50);
    }
    return item;
}
int refuse_first(int item) {
    if (item == 0) {
        throw std::runtime_error("the first");
    }
    return item;
}
int next(int item) { return item + 1; }

class InPlace : public testing::Test {
protected:
    using Job = Started<int>;

    static procpool::detail::EngineOptions one_worker() {
        procpool::detail::EngineOptions options;
        options.processes = 1;
        return options;
    }
    Job start(int (*f)(int), int count, procpool::shared_vector<int>* out = nullptr) {
        std::vector<int> items(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            items[static_cast<std::size_t>(i)] = i;
        }
        return engine_test::start<int>(engine, f, items, {.chunksize = 1, .fail_fast = true}, out);
    }

    procpool::detail::Engine engine{one_worker()};
};

TEST_F(InPlace, ABlockStaysWritableWhenAnOlderJobThatUsedItIsForgotten) {
    // The worker goes round the job pages and may go on whenever `held` lets it.
    Job held = start(&hold, 3);         // page 0
    Job placeholder = start(&next, 1);  // page 1
    procpool::shared_vector<int> first;
    Job older = start(&refuse_first, 2, &first);  // page 2: its worker remembers that it may write
    *allowed = 1;
    EXPECT_TRUE(finish(engine, placeholder)->resolved);
    EXPECT_TRUE(finish(engine, older)->items[0].failure);
    const int* const block = first.data();
    first = {};

    procpool::shared_vector<int> second;
    Job newer = start(&next, 2, &second);  // page 1
    ASSERT_EQ(second.data(), block) << "another block: this tests nothing";
    Job other = start(&next, 1);  // page 2: what is remembered of the older job there goes
    *allowed = 3;
    for (const auto& item : finish(engine, newer)->items) {
        EXPECT_FALSE(item.failure);
    }
    EXPECT_EQ(second[0], 1);
    EXPECT_EQ(second[1], 2);
    EXPECT_TRUE(finish(engine, other)->resolved);
    EXPECT_TRUE(finish(engine, held)->resolved);
}

}  // namespace
}  // namespace engine_test
