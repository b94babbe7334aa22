// procpool_test: TIMEOUT 120
// A task that writes over every shared page it can write: it costs one item, and whoever works
// beside it loses nothing (docs/protocol.md, part 7).

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "collected.hpp"
#include "engine/words.hpp"
#include "shared_object.hpp"

namespace engine_test {
namespace {

using procpool::detail::Failure;
using namespace std::chrono_literals;

struct Counts {
    std::atomic<std::uint64_t> bytes{0};  ///< scribbled over
    std::atomic<int> attacks{0};
};
SharedObject<Counts> counts;

enum class Ink { ones, zeroes, noise };
enum class Then { aborts, returns, loops };

/// Fills every shared mapping that this process may write.
void scribble(Ink ink) {
    std::FILE* maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) std::abort();
    char line[512];
    ++counts->attacks;
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char rights[5]{};
        if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, rights) != 3 ||
            std::strcmp(rights, "rw-s") != 0 || counts.overlaps(begin, end))
            continue;
        counts->bytes += end - begin;
        auto* words = reinterpret_cast<std::uint64_t*>(begin);
        for (std::size_t i = 0; i < (end - begin) / sizeof *words; ++i)
            words[i] = ink == Ink::ones     ? ~std::uint64_t{0}
                       : ink == Ink::zeroes ? 0
                                            : procpool::engine::mix(begin + i + 1);
    }
    std::fclose(maps);
}

constexpr std::uint64_t culprit = 37;

std::uint64_t attack(std::uint64_t item, Ink ink, Then then) {
    if (item == culprit) {
        scribble(ink);
        if (then == Then::aborts) std::abort();
        if (then == Then::loops)
            for (;;) ::pause();
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
            if (then == Then::loops && item.failure->kind == Failure::Kind::timed_out) continue;
            EXPECT_EQ(item.failure->kind, Failure::Kind::died);
            EXPECT_TRUE(item.failure->signal == SIGABRT || item.failure->signal == SIGSEGV)
                << procpool::detail::describe(*item.failure);
            continue;
        }
        EXPECT_FALSE(item.failure) << procpool::detail::describe(*item.failure);
        EXPECT_EQ(item.value, i * i) << "item " << i;
    }
}

TEST_P(Scribble, CostsOneItemAndNothingElse) {
    const auto [processes, ink, then, chunksize, beside_another] = GetParam();
    counts->bytes = 0;
    counts->attacks = 0;
    procpool::detail::EngineOptions options;
    options.processes = processes;
    procpool::detail::Engine engine(options);

    std::vector<std::uint64_t> items(200);
    for (std::uint64_t i = 0; i < items.size(); ++i) items[i] = i;
    std::vector<std::uint64_t> many(2000);
    for (std::uint64_t i = 0; i < many.size(); ++i) many[i] = i;
    procpool::MapOptions how{.chunksize = chunksize};

    std::future<Results> other;
    if (beside_another) {
        other = std::async(std::launch::async, [&] {
            return collect<std::uint64_t>(engine, &square, many, {.chunksize = chunksize});
        });
    }
    if (then == Then::loops) how.timeout = 50ms;
    const Results results =
        collect<std::uint64_t>(engine, procpool::bind_back(&attack, ink, then), items, how);
    expect_all(results, true, then);
    if (beside_another) expect_all(other.get(), false, then);
    EXPECT_GT(counts->bytes, 0U) << "nothing was scribbled over: this tests nothing";
    EXPECT_LE(counts->attacks, 2);

    // The pool is as good as new.
    for (int again = 0; again < 3; ++again)
        expect_all(collect<std::uint64_t>(engine, &square, many), false, then);
}

const char* const ink_names[]{"ones", "zeroes", "noise"};
const char* const then_names[]{"aborts", "returns", "loops"};

std::string name_of(const testing::TestParamInfo<Scribble::ParamType>& info) {
    const auto [processes, ink, then, chunksize, beside_another] = info.param;
    return std::string(ink_names[static_cast<int>(ink)]) + "_" +
           then_names[static_cast<int>(then)] + "_" + std::to_string(processes) + "_workers_" +
           (chunksize == 0 ? "adaptive" : "one_by_one") + (beside_another ? "_beside_another" : "");
}

INSTANTIATE_TEST_SUITE_P(Engine, Scribble,
                         testing::Combine(testing::Values(1, 2, 4),
                                          testing::Values(Ink::ones, Ink::zeroes, Ink::noise),
                                          testing::Values(Then::aborts, Then::returns, Then::loops),
                                          testing::Values(1, 0), testing::Bool()),
                         name_of);

}  // namespace
}  // namespace engine_test
