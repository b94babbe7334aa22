#include "engine/client/ring_reader.hpp"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

namespace procpool::engine {
namespace {

constexpr std::uint64_t secret = 77;

/// A ring with one sound frame of so many bytes at its beginning.
std::array<std::byte, 1024> ring_with(std::uint32_t bytes) {
    alignas(32) std::array<std::byte, 1024> ring{};
    FrameHeader header{.kind = FrameKind::results, .count = 1, .bytes = bytes};
    header.check = header.expected_check(0, secret);
    std::memcpy(ring.data(), &header, sizeof header);
    return ring;
}

TEST(RingReader, TakesAFrameThatEndsAtTheTail) {
    const auto ring = ring_with(64);
    const auto frame = frame_at(ring, 0, frame_size(64), secret);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload.size(), 64U);
}

TEST(RingReader, TakesNoFrameThatEndsBehindTheTail) {
    const auto ring = ring_with(64);
    for (const std::uint64_t beyond : {frame_align, 2 * frame_align, 3 * frame_align}) {
        EXPECT_FALSE(frame_at(ring, 0, frame_size(64) - beyond, secret)) << beyond;
    }
}

TEST(RingReader, TakesNoFrameThatEndsBehindTheRing) {
    const auto ring = ring_with(1024 - sizeof(FrameHeader) + 1);
    EXPECT_FALSE(frame_at(ring, 0, 2048, secret));
}

TEST(RingReader, TakesNoFrameOfAnotherPlaceOrPool) {
    const auto ring = ring_with(64);
    EXPECT_FALSE(frame_at(ring, 1024, 1024 + frame_size(64), secret));
    EXPECT_FALSE(frame_at(ring, 0, frame_size(64), secret + 1));
}

TEST(RingReader, KnowsWhatATailMayBe) {
    EXPECT_TRUE(is_tail(64, 64, 1024));
    EXPECT_TRUE(is_tail(64 + 1024, 64, 1024));
    EXPECT_FALSE(is_tail(64 + 1024 + 32, 64, 1024));
    EXPECT_FALSE(is_tail(32, 64, 1024));
    EXPECT_FALSE(is_tail(65, 64, 1024));
}

}  // namespace
}  // namespace procpool::engine
