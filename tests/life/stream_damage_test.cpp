// procpool_test: TIMEOUT 120
// A task that writes over every shared page it can write costs a stream that one item, and the
// stream goes on (docs/protocol.md, part 7).

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <ranges>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

namespace mp = procpool;

namespace {

/// Fills every shared mapping that this process may write.
void scribble() {
    std::FILE* maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) {
        std::abort();
    }
    char line[512];
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char rights[5]{};
        if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, rights) == 3 &&
            std::strcmp(rights, "rw-s") == 0) {
            std::memset(reinterpret_cast<void*>(begin), 0xff, end - begin);
        }
    }
    std::fclose(maps);
}

std::string scribbles_at_times(std::string text) {
    if (text.size() % 40 == 17) {
        scribble();
        std::abort();
    }
    return text + "!";
}

std::string text(int i) { return std::string(static_cast<std::size_t>(i), 'x'); }

TEST(StreamDamage, CostsTheItemThatDidIt) {
    mp::Pool pool{2};
    int next = 0;
    for (const auto& outcome :
         pool.try_imap(scribbles_at_times, std::views::iota(0, 200) | std::views::transform(text),
                       {.chunksize = 1, .buffer = 16})) {
        EXPECT_EQ(outcome.index(), static_cast<std::size_t>(next));
        if (next % 40 == 17) {
            EXPECT_THROW(outcome.rethrow(), mp::WorkerDied);
        } else {
            ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
            EXPECT_EQ(*outcome, text(next) + "!");
        }
        ++next;
    }
    EXPECT_EQ(next, 200);
}

TEST(StreamDamage, ResultOfAFormThatIsNotTheTasksLeavesNobodyWaiting) {
    const auto items = std::make_shared<mp::detail::FedItems>();
    static_cast<void>(items->reserve(1));
    items->add(1);
    mp::detail::ResultQueue<void, std::monostate> queue(true, items);
    queue.make_room(1);
    queue.result(0, {});
    EXPECT_TRUE(queue.is_ready());
}

TEST(StreamDamage, LosesNothingInAnyOrder) {
    mp::Pool pool{3};
    int errors = 0;
    std::size_t bytes = 0;
    for (const auto& outcome : pool.try_imap_unordered(
             scribbles_at_times, std::views::iota(0, 200) | std::views::transform(text),
             {.chunksize = 1, .buffer = 32})) {
        errors += outcome ? 0 : 1;
        bytes += outcome ? outcome->size() : 0;
    }
    EXPECT_EQ(errors, 5);
    std::size_t expected = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        expected += i % 40 == 17 ? 0 : i + 1;
    }
    EXPECT_EQ(bytes, expected);
}

}  // namespace
