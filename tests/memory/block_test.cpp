// A block that holds a copy, in a process that has no region and in one that has.

#include <algorithm>
#include <array>
#include <cstddef>

#include <gtest/gtest.h>

#include <procpool/detail/engine.hpp>

#include "memory/region.hpp"

namespace {

using procpool::detail::Block;
using procpool::memory::Region;

void holds_its_bytes() {
    const std::array bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    const Block block = Block::copy_of(bytes);
    ASSERT_EQ(block.size(), bytes.size());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), block.data()));
}

TEST(BlockCopy, HoldsItsBytesInMemoryOfTheProcess) {
    ASSERT_FALSE(Region::exists());
    holds_its_bytes();
}

TEST(BlockCopy, OfNothingHasAnAddress) { EXPECT_NE(Block::copy_of({}).data(), nullptr); }

TEST(BlockCopy, HoldsItsBytesInTheRegion) {
    static_cast<void>(Region::current());
    ASSERT_TRUE(Region::exists());
    holds_its_bytes();
}

}  // namespace
