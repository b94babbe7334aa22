#include "engine/shared/layout.hpp"

#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include <sys/mman.h>

#include <gtest/gtest.h>

namespace procpool::engine {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

TEST(Layout, TakesAllItWantsInALargeRegion) {
    const Layout layout = Layout::plan(8, std::size_t{64} << 30U);
    EXPECT_EQ(layout.jobs(), ActiveJobs::most);
    EXPECT_EQ(layout.ring_size(), 16 * mib);
    EXPECT_EQ(layout.workers(), 8);
}

TEST(Layout, ShrinksToASmallRegion) {
    for (const std::size_t largest : {4 * mib, 16 * mib, 64 * mib, 256 * mib}) {
        for (const int workers : {1, 2, 8, 64}) {
            const Layout layout = Layout::plan(workers, largest);
            const bool smallest = layout.jobs() == 64 && layout.ring_size() == mib / 4;
            EXPECT_TRUE(layout.size() <= largest || smallest)
                << workers << " workers in " << largest;
            EXPECT_EQ(layout.jobs() % 64, 0U);
            EXPECT_GE(layout.jobs(), 64U);
            EXPECT_GE(layout.ring_size(), mib / 4);
            EXPECT_TRUE(std::has_single_bit(layout.ring_size()));
        }
    }
}

TEST(Layout, PlansForTheLargestPool) {
    const Layout layout = Layout::plan(max_workers, std::size_t{1} << 40U);
    EXPECT_GE(layout.size(), layout.worker_size() * max_workers);
}

TEST(Layout, PutsWhatHasDifferentWritersOnDifferentPages) {
    Layout layout = Layout::plan(3, 16 * mib);
    void* memory = ::mmap(nullptr, layout.size(), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* const base = static_cast<std::byte*>(memory);
    layout.place(base, base, layout.size());

    // In address order: who may write what differs from part to part.
    const auto offset = [&](const auto& object) {
        return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&object) - base);
    };
    std::vector<std::size_t> begins{offset(layout.line(0)), offset(layout.job(0)),
                                    offset(layout.server()), offset(layout.common())};
    std::vector<std::size_t> sizes{
        sizeof(PoolPage) + 3 * sizeof(WorkerLine), layout.jobs() * sizeof(JobPage),
        sizeof(ServerPage) + 3 * sizeof(ServerLine), layout.common_size()};
    EXPECT_EQ(offset(layout.pool()), 3 * sizeof(WorkerLine));
    EXPECT_EQ(offset(layout.server_line(0)), offset(layout.server()) + sizeof(ServerPage));
    for (int worker = 0; worker < 3; ++worker) {
        begins.push_back(offset(layout.slot(worker)));
        sizes.push_back(sizeof(Slot));
    }
    for (int worker = 0; worker < 3; ++worker) {
        begins.push_back(offset(layout.last_words(worker)));
        sizes.push_back(sizeof(LastWords));
        begins.push_back(offset(*layout.ring(worker)));
        sizes.push_back(layout.ring_size());
        EXPECT_EQ(layout.slot(worker).phase, phase::idle);
    }
    begins.push_back(layout.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_EQ(begins[i] % os::page_size, 0U) << "part " << i;
        EXPECT_LE(begins[i] + sizes[i], begins[i + 1]) << "part " << i;
    }
    EXPECT_EQ(offset(layout.slot(2)), offset(layout.slot(0)) + 2 * Layout::slot_size)
        << "side by side";
    EXPECT_EQ(offset(layout.job(layout.jobs() - 1)) + sizeof(JobPage), offset(layout.server()));
    ::munmap(memory, layout.size());
}

TEST(Layout, HasWhatAShortCallTouchesOnFewPages) {
    Layout layout = Layout::plan(8, 16 * mib);
    std::vector<std::byte> memory(layout.size() + os::page_size);
    void* start = memory.data();
    std::size_t room = memory.size();
    auto* const base =
        static_cast<std::byte*>(std::align(os::page_size, layout.size(), start, room));
    layout.place(base, base, layout.size());
    const auto page = [&](const auto& object) {
        return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&object) - base) /
               os::page_size;
    };

    EXPECT_EQ(page(layout.line(7)), page(layout.line(0)));
    EXPECT_EQ(page(layout.pool().active), page(layout.line(0)));
    EXPECT_EQ(page(layout.thefts(0)), page(layout.common().doorbell));
    EXPECT_EQ(page(layout.thefts(7)), page(layout.common().doorbell));
    EXPECT_EQ(page(layout.words(7)), page(layout.common().doorbell));
}

}  // namespace
}  // namespace procpool::engine
