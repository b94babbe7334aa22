#include "engine/worker/chunk_length.hpp"

#include <gtest/gtest.h>

namespace procpool::engine {
namespace {

constexpr std::uint64_t many = 1'000'000;

TEST(ChunkLength, BeginsWithOneItem) { EXPECT_EQ(ChunkLength{}.next(many, 4), 1U); }

TEST(ChunkLength, GrowsWhileItemsCostNextToNothing) {
    ChunkLength chunk;
    chunk.learn(1, 100);
    EXPECT_EQ(chunk.next(many, 4), 4U);
    chunk.learn(4, 100);
    EXPECT_EQ(chunk.next(many, 4), 16U);
}

TEST(ChunkLength, ShrinksToWhatTakesAFewMicroseconds) {
    ChunkLength chunk;
    chunk.learn(1'000, 10);
    chunk.learn(1'000, 1'000'000);  // a microsecond each
    EXPECT_EQ(chunk.next(many, 4), 8U);
    chunk.learn(8, 100'000'000);
    EXPECT_EQ(chunk.next(many, 4), 1U);
}

TEST(ChunkLength, LeavesTheOtherWorkersTheirShareNearTheEnd) {
    ChunkLength chunk;
    chunk.learn(1'000, 10);
    EXPECT_EQ(chunk.next(800, 4), 100U);
    EXPECT_EQ(chunk.next(800, 1), 800U);
}

TEST(ChunkLength, DoesNotDispenseTriflesOneByOneAtTheEnd) {
    ChunkLength chunk;
    chunk.learn(1'000, 10);
    EXPECT_EQ(chunk.next(8, 4), 16U);
}

}  // namespace
}  // namespace procpool::engine
