// procpool_test: THOROUGH TIMEOUT 120
// A task that writes over every shared page it can write: it costs one item, and whoever works
// beside it loses nothing (docs/protocol.md, part 7).

#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/this_task.hpp>

#include "collected.hpp"
#include "engine/shared/words.hpp"
#include "pool_map.hpp"
#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

using procpool::detail::Failure;
using namespace std::chrono_literals;

struct Counts {
    std::atomic<std::uint64_t> bytes{0};  ///< scribbled over
    std::atomic<int> attacks{0};
    std::array<std::atomic<int>, 4> starts{};  ///< by item
    std::atomic<bool> released{false};
    std::atomic<bool> exposed{false};  ///< results that were published lay in the ring
};
support::Shared<Counts> counts;

enum class Ink { ones, zeroes, noise };
enum class Then { aborts, returns, loops };

/// Fills every shared mapping that this process may write.
void scribble(Ink ink) {
    std::FILE* maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) {
        std::abort();
    }
    char line[512];
    ++counts->attacks;
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char rights[5]{};
        if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, rights) != 3 ||
            std::strcmp(rights, "rw-s") != 0 || counts.overlaps(begin, end)) {
            continue;
        }
        counts->bytes += end - begin;
        auto* words = reinterpret_cast<std::uint64_t*>(begin);
        for (std::size_t i = 0; i < (end - begin) / sizeof *words; ++i) {
            words[i] = ink == Ink::ones     ? ~std::uint64_t{0}
                       : ink == Ink::zeroes ? 0
                                            : procpool::engine::mix(begin + i + 1);
        }
    }
    std::fclose(maps);
}

/// Where else a task may err.
enum class Target { everything, slot, ring, job_words, common_page };
std::unique_ptr<PoolMap> map;

/// What a worker has published and the client has not taken in can be written over unseen
/// (docs/protocol.md, part 7). Notes if there is any.
void note_what_is_exposed() {
    const int worker = procpool::this_worker::id();
    const auto any = [&] { return map->line(worker).head != map->slot(worker).tail; };
    const auto until = std::chrono::steady_clock::now() + 5ms;
    while (any() && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    if (any()) {  // there may be a second attack
        counts->exposed = true;
    }
}

void scribble_over(std::byte* begin, std::size_t size) {
    counts->bytes += size;
    ++counts->attacks;
    std::memset(begin, 0xff, size);
}

void scribble_over(Target target) {
    const int worker = procpool::this_worker::id();
    switch (target) {
        case Target::everything:
            return scribble(Ink::ones);
        case Target::slot:
            return scribble_over(reinterpret_cast<std::byte*>(&map->slot(worker)),
                                 sizeof(procpool::engine::Slot));
        case Target::ring:
            return scribble_over(map->ring(worker), map->ring_size());
        case Target::job_words:
            return scribble_over(map->words(), map->words_size());
        case Target::common_page:
            return scribble_over(map->common_page(), 4096);
    }
}

constexpr std::uint64_t culprit = 37;

std::uint64_t err(std::uint64_t item, Target target, Then then) {
    if (item == culprit) {
        note_what_is_exposed();
        scribble_over(target);
        if (then == Then::aborts) {
            std::abort();
        }
        if (then == Then::loops) {
            for (;;) {
                ::pause();
            }
        }
    }
    return item * item;
}

std::uint64_t attack(std::uint64_t item, Ink ink, Then then) {
    if (item == culprit) {
        note_what_is_exposed();
        scribble(ink);
        if (then == Then::aborts) {
            std::abort();
        }
        if (then == Then::loops) {
            for (;;) {
                ::pause();
            }
        }
    }
    return item * item;
}
std::uint64_t square(std::uint64_t item) { return item * item; }

class Scribble : public testing::TestWithParam<std::tuple<int, Ink, Then, std::size_t, bool>> {};

using Results = std::shared_ptr<Collected<std::uint64_t>>;

void expect_all(const Results& results, bool with_culprit, Then then) {
    ASSERT_TRUE(results->resolved) << "a map did not end";
    for (std::uint64_t i = 0; i < results->items.size(); ++i) {
        const auto& item = results->items[i];
        EXPECT_EQ(item.deliveries, 1) << "item " << i;
        if (with_culprit && i == culprit) {
            if (!item.failure) {
                EXPECT_EQ(then, Then::returns);
                EXPECT_EQ(item.value, i * i);
                continue;
            }
            EXPECT_FALSE(item.value);
            EXPECT_EQ(item.failure->index, i);
            if (then == Then::loops && item.failure->kind == Failure::Kind::timed_out) {
                continue;
            }
            EXPECT_EQ(item.failure->kind, Failure::Kind::died);
            EXPECT_TRUE(item.failure->signal == SIGABRT || item.failure->signal == SIGSEGV)
                << procpool::detail::describe(*item.failure);
            continue;
        }
        EXPECT_FALSE(item.failure) << procpool::detail::describe(*item.failure);
        if (!(with_culprit && i < culprit && counts->exposed)) {
            EXPECT_EQ(item.value, i * i) << "item " << i;
        }
    }
}

TEST_P(Scribble, CostsOneItemAndNothingElse) {
    const auto [processes, ink, then, chunksize, beside_another] = GetParam();
    counts->bytes = 0;
    counts->attacks = 0;
    counts->exposed = false;
    map = std::make_unique<PoolMap>(processes);
    procpool::detail::EngineOptions options;
    options.processes = processes;
    procpool::detail::Engine engine(options);
    ASSERT_TRUE(map->is_right());

    std::vector<std::uint64_t> items(200);
    for (std::uint64_t i = 0; i < items.size(); ++i) {
        items[i] = i;
    }
    std::vector<std::uint64_t> many(2000);
    for (std::uint64_t i = 0; i < many.size(); ++i) {
        many[i] = i;
    }
    procpool::MapOptions how{.chunksize = chunksize};

    std::future<Results> other;
    if (beside_another) {
        other = std::async(std::launch::async, [&] {
            return collect<std::uint64_t>(engine, &square, many, {.chunksize = chunksize});
        });
    }
    if (then == Then::loops) {
        how.timeout = 250ms;
    }
    const Results results =
        collect<std::uint64_t>(engine, procpool::bind_back(&attack, ink, then), items, how);
    expect_all(results, true, then);
    if (beside_another) {
        expect_all(other.get(), false, then);
    }
    EXPECT_GT(counts->bytes, 0U) << "nothing was scribbled over: this tests nothing";
    EXPECT_LE(counts->attacks, 2);

    // The pool is as good as new.
    for (int again = 0; again < 3; ++again) {
        expect_all(collect<std::uint64_t>(engine, &square, many), false, then);
    }
}

class ScribbleOverOne : public testing::TestWithParam<std::tuple<int, Target, Then, std::size_t>> {
};

TEST_P(ScribbleOverOne, CostsOneItemAndNothingElse) {
    const auto [processes, target, then, chunksize] = GetParam();
    counts->bytes = 0;
    counts->attacks = 0;
    counts->exposed = false;
    map = std::make_unique<PoolMap>(processes);
    procpool::detail::EngineOptions options;
    options.processes = processes;
    procpool::detail::Engine engine(options);
    ASSERT_TRUE(map->is_right());

    std::vector<std::uint64_t> items(200);
    for (std::uint64_t i = 0; i < items.size(); ++i) {
        items[i] = i;
    }
    procpool::MapOptions how{.chunksize = chunksize};
    if (then == Then::loops) {
        how.timeout = 250ms;
    }
    expect_all(collect<std::uint64_t>(engine, procpool::bind_back(&err, target, then), items, how),
               true, then);
    EXPECT_GT(counts->bytes, 0U) << "nothing was scribbled over: this tests nothing";
    for (int again = 0; again < 3; ++again) {
        expect_all(collect<std::uint64_t>(engine, &square, items), false, then);
    }
}

std::uint64_t attack_when_released(std::uint64_t item) {
    ++counts->starts.at(item);
    support::await(counts->released);
    scribble(Ink::ones);
    return item;
}

TEST(ScribbleOfACancelledItem, DoesNotStartItAgain) {
    for (std::atomic<int>& starts : counts->starts) {
        starts = 0;
    }
    counts->released = false;
    procpool::detail::Engine engine({.processes = 2});
    const auto started = engine_test::start<std::uint64_t>(
        engine, &attack_when_released, std::vector<std::uint64_t>{0, 1, 2, 3}, {.chunksize = 4});
    support::await(counts->starts[0]);
    engine.cancel(started.job, std::chrono::nanoseconds(0));
    counts->released = true;
    const Results results = engine_test::finish(engine, started);
    ASSERT_TRUE(results->resolved);
    for (const auto& item : results->items) {
        EXPECT_EQ(item.deliveries, 1);
        ASSERT_TRUE(item.failure);
        EXPECT_EQ(item.failure->kind, Failure::Kind::cancelled);
    }
    EXPECT_EQ(counts->starts[0], 1);
    for (const std::atomic<int>& starts : counts->starts) {  // some may have been stolen in time
        EXPECT_LE(starts, 1);
    }
    const std::vector<std::uint64_t> items{0, 1, 2};
    expect_all(collect<std::uint64_t>(engine, &square, items), false, Then::returns);
}

std::uint64_t err_in_open_frame(std::uint64_t item) {
    if (item % 10 == 7) {
        const int worker = procpool::this_worker::id();
        const std::uint64_t at =
            procpool::engine::position_of(map->slot(worker).tail, map->ring_size());
        scribble_over(map->ring(worker) + at + sizeof(procpool::engine::FrameHeader), 1024);
    }
    return item * item;
}

/// With items claimed one by one, an open frame holds no result but that of the item that runs.
/// What longer claims do not notice, docs/protocol.md, part 7, says.
TEST(ScribbleOverResults, HarmsNoOtherItemWhereEachIsClaimedAlone) {
    map = std::make_unique<PoolMap>(2);
    procpool::detail::Engine engine({.processes = 2});
    ASSERT_TRUE(map->is_right());
    std::vector<std::uint64_t> items(500);
    for (std::uint64_t i = 0; i < items.size(); ++i) {
        items[i] = i;
    }
    expect_all(collect<std::uint64_t>(engine, &err_in_open_frame, items, {.chunksize = 1}), true,
               Then::returns);
}

const char* const target_names[]{"everything", "slot", "ring", "job_words", "common_page"};
const char* const ink_names[]{"ones", "zeroes", "noise"};
const char* const then_names[]{"aborts", "returns", "loops"};

std::string name_of(const testing::TestParamInfo<Scribble::ParamType>& info) {
    const auto [processes, ink, then, chunksize, beside_another] = info.param;
    return std::string(ink_names[static_cast<int>(ink)]) + "_" +
           then_names[static_cast<int>(then)] + "_" + std::to_string(processes) + "_workers_" +
           (chunksize == 0 ? "adaptive" : "one_by_one") + (beside_another ? "_beside_another" : "");
}

INSTANTIATE_TEST_SUITE_P(Engine, Scribble,
                         testing::Combine(testing::Values(2),
                                          testing::Values(Ink::ones, Ink::zeroes, Ink::noise),
                                          testing::Values(Then::aborts, Then::returns, Then::loops),
                                          testing::Values(1, 0), testing::Bool()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Thorough, Scribble,
                         testing::Combine(testing::Values(1, 4),
                                          testing::Values(Ink::ones, Ink::zeroes, Ink::noise),
                                          testing::Values(Then::aborts, Then::returns, Then::loops),
                                          testing::Values(1, 0), testing::Bool()),
                         name_of);

std::string name_of_one(const testing::TestParamInfo<ScribbleOverOne::ParamType>& info) {
    const auto [processes, target, then, chunksize] = info.param;
    return std::string(target_names[static_cast<int>(target)]) + "_" +
           then_names[static_cast<int>(then)] + "_" + std::to_string(processes) + "_workers_" +
           (chunksize == 0 ? "adaptive" : "chunks_of_" + std::to_string(chunksize));
}

INSTANTIATE_TEST_SUITE_P(Engine, ScribbleOverOne,
                         testing::Combine(testing::Values(3),
                                          testing::Values(Target::everything, Target::slot,
                                                          Target::ring, Target::job_words,
                                                          Target::common_page),
                                          testing::Values(Then::aborts, Then::returns, Then::loops),
                                          testing::Values(1, 0, 50)),
                         name_of_one);
INSTANTIATE_TEST_SUITE_P(Thorough, ScribbleOverOne,
                         testing::Combine(testing::Values(1),
                                          testing::Values(Target::everything, Target::slot,
                                                          Target::ring, Target::job_words,
                                                          Target::common_page),
                                          testing::Values(Then::aborts, Then::returns, Then::loops),
                                          testing::Values(1, 0, 50)),
                         name_of_one);

}  // namespace
}  // namespace engine_test
