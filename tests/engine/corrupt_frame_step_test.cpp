// A frame in a worker's ring is not what the worker wrote. The client believes none of it, the
// worker goes, what it had not delivered is computed again, and every result is right.

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collected.hpp"
#include "engine/shared/steps.hpp"
#include "pool_map.hpp"
#include "support/shared.hpp"

namespace engine_test {
namespace {

using procpool::engine::Entry;
using procpool::engine::FrameHeader;
using procpool::engine::FrameKind;
using procpool::engine::Step;

/// What is done to a frame.
enum class Damage {
    // to its header, which then does not have its check
    check,
    kind,
    job,
    serial,
    first,
    count,
    bytes,
    // as if it had been sealed like that
    unknown_kind,
    job_that_is_none,
    job_out_of_bounds,
    serial_of_another,
    first_beyond_the_job,
    count_beyond_the_job,
    too_few_bytes,
    more_bytes_than_published,
    more_bytes_than_the_ring_has,
    part_without_a_header,
    part_of_nothing,
    // to a payload of variable-sized results, below a sound header
    entry_too_long,
    entry_beyond_the_frame,
    entries_in_disorder,
};
constexpr int damages = static_cast<int>(Damage::entries_in_disorder) + 1;
constexpr int sealed_damages = static_cast<int>(Damage::unknown_kind);
constexpr int payload_damages = static_cast<int>(Damage::entry_too_long);

struct Plan {
    std::atomic<int> damage{-1};
    std::atomic<int> frames_before{0};
    std::atomic<bool> done{false};
};
support::Shared<Plan> plan;
std::unique_ptr<PoolMap> map;

void damage_frame(Step step, int worker) {
    if (step != Step::header_written || plan->damage < 0 || plan->frames_before-- > 0 ||
        plan->done.exchange(true)) {
        return;
    }
    const std::uint64_t tail = map->slot(worker).tail;
    std::byte* const place = map->ring(worker) + tail % map->ring_size();
    FrameHeader header;
    std::memcpy(&header, place, sizeof header);
    std::byte* const payload = place + sizeof header;
    Entry entry;
    std::memcpy(&entry, payload, sizeof entry);
    const auto damage = static_cast<Damage>(plan->damage.load());
    switch (damage) {
        case Damage::check:
            header.check ^= 1;
            break;
        case Damage::kind:
            header.kind = FrameKind::failure;
            break;
        case Damage::job:
            header.job ^= 1;
            break;
        case Damage::serial:
            header.serial ^= 1;
            break;
        case Damage::first:
            header.first += 1;
            break;
        case Damage::count:
            header.count += 1;
            break;
        case Damage::bytes:
            header.bytes += 8;
            break;
        case Damage::unknown_kind:
            header.kind = static_cast<FrameKind>(77);
            break;
        case Damage::job_that_is_none:
            header.job = 60;
            break;
        case Damage::job_out_of_bounds:
            header.job = 0xffff;
            break;
        case Damage::serial_of_another:
            header.serial += 1000;
            break;
        case Damage::first_beyond_the_job:
            header.first = ~std::uint64_t{0};
            break;
        case Damage::count_beyond_the_job:
            header.count = 0xffff'ffff;
            break;
        case Damage::too_few_bytes:
            header.bytes = 4;
            break;
        case Damage::more_bytes_than_published:
            header.bytes += 4096;
            break;
        case Damage::more_bytes_than_the_ring_has:
            header.bytes = 0xffff'ffff;
            break;
        case Damage::part_without_a_header:
            header.kind = FrameKind::part;
            header.bytes = 8;
            break;
        case Damage::part_of_nothing:
            header.kind = FrameKind::part;
            break;
        case Damage::entry_too_long:
            entry.size = 0xffff'ffff;
            break;
        case Damage::entry_beyond_the_frame:
            entry.index = header.count;
            break;
        case Damage::entries_in_disorder:
            entry.index = 1;
            break;
    }
    std::memcpy(payload, &entry, sizeof entry);
    if (plan->damage >= sealed_damages) {
        header.check = header.expected_check(tail, map->pool().secret);
    }
    std::memcpy(place, &header, sizeof header);
}

std::uint64_t number_of(std::uint64_t item) { return item * item; }
std::string text_of(std::uint64_t item) {
    return std::string(item % 40, static_cast<char>('a' + item % 26));
}

class CorruptFrame : public testing::TestWithParam<std::tuple<int, int>> {
protected:
    template <class R>
    void expect_right(R (*f)(std::uint64_t)) {
        const auto [damage, processes] = GetParam();
        plan->damage = -1;
        procpool::engine::step_hook = &damage_frame;
        procpool::detail::EngineOptions options;
        options.processes = processes;
        map = std::make_unique<PoolMap>(processes);
        procpool::detail::Engine engine(options);
        ASSERT_TRUE(map->is_right());

        std::vector<std::uint64_t> items(100);
        for (std::uint64_t i = 0; i < items.size(); ++i) {
            items[i] = i;
        }
        for (const int frames_before : {0, 3}) {
            plan->done = false;
            plan->frames_before = frames_before;
            plan->damage = damage;
            const auto results = collect<R>(engine, f, items, {.chunksize = 10});
            ASSERT_TRUE(results->resolved) << "the map did not end";
            EXPECT_TRUE(plan->done) << "nothing was damaged: this tests nothing";
            for (std::uint64_t i = 0; i < items.size(); ++i) {
                const auto& item = results->items[i];
                EXPECT_EQ(item.deliveries, 1) << "item " << i;
                EXPECT_FALSE(item.failure) << procpool::detail::describe(*item.failure);
                EXPECT_EQ(item.value, f(i)) << "item " << i;
            }
        }
        plan->damage = -1;
        for (int again = 0; again < 3; ++again) {
            const auto results = collect<R>(engine, f, items);
            ASSERT_TRUE(results->resolved);
            for (std::uint64_t i = 0; i < items.size(); ++i) {
                EXPECT_EQ(results->items[i].value, f(i));
            }
        }
        procpool::engine::step_hook = nullptr;
    }
};

TEST_P(CorruptFrame, OfFixedResultsIsComputedAgain) {
    if (std::get<0>(GetParam()) < payload_damages) {
        expect_right(&number_of);
    }
}
TEST_P(CorruptFrame, OfSizedResultsIsComputedAgain) { expect_right(&text_of); }

std::string name_of(const testing::TestParamInfo<CorruptFrame::ParamType>& info) {
    static const std::vector<std::string> names{"check",
                                                "kind",
                                                "job",
                                                "serial",
                                                "first",
                                                "count",
                                                "bytes",
                                                "unknown_kind",
                                                "job_that_is_none",
                                                "job_out_of_bounds",
                                                "serial_of_another",
                                                "first_beyond_the_job",
                                                "count_beyond_the_job",
                                                "too_few_bytes",
                                                "more_bytes_than_published",
                                                "more_bytes_than_the_ring_has",
                                                "part_without_a_header",
                                                "part_of_nothing",
                                                "entry_too_long",
                                                "entry_beyond_the_frame",
                                                "entries_in_disorder"};
    return names.at(static_cast<std::size_t>(std::get<0>(info.param))) + "_" +
           std::to_string(std::get<1>(info.param)) + "_workers";
}

INSTANTIATE_TEST_SUITE_P(Engine, CorruptFrame,
                         testing::Combine(testing::Range(0, damages), testing::Values(1, 3)),
                         name_of);

}  // namespace
}  // namespace engine_test
