#include "engine/shared/words.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace procpool::engine {
namespace {

constexpr std::uint64_t secret = 0x1234'5678'9abc'def0U;

TEST(ClaimWord, HoldsWhatItIsMadeOf) {
    for (const std::uint64_t next : {std::uint64_t{0}, std::uint64_t{1}, max_items}) {
        for (const std::uint64_t taker :
             {std::uint64_t{0}, std::uint64_t{max_workers - 1}, taker::nobody, taker::closed}) {
            const ClaimWord word = ClaimWord::make(next, taker, secret, 7);
            EXPECT_EQ(word.next(), next);
            EXPECT_EQ(word.taker(), taker);
            EXPECT_TRUE(word.valid(secret, 7));
        }
    }
}

TEST(ClaimWord, IsOfOneJobOfOnePool) {
    const ClaimWord word = ClaimWord::make(100, 3, secret, 7);
    EXPECT_FALSE(word.valid(secret + 1, 7));
    for (std::uint64_t serial = 1; serial < 60'000; ++serial) {
        EXPECT_EQ(word.valid(secret, serial), serial == 7) << serial;
    }
}

TEST(ClaimWord, IsNothingThatLiesAround) {
    int passed = 0;
    for (std::uint64_t serial = 1; serial <= 200; ++serial) {
        const ClaimWord word = ClaimWord::make(serial * 977, serial % 10, secret, serial);
        for (int bit = 0; bit < 64; ++bit) {
            passed += ClaimWord{word.bits ^ std::uint64_t{1} << bit}.valid(secret, serial);
        }
        for (const std::uint64_t bits : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1}}) {
            passed += ClaimWord{bits}.valid(secret, serial);
        }
    }
    // 16 bits of check: one in 65,536 passes by chance.
    EXPECT_LE(passed, 3);
}

TEST(Phase, IsNothingThatLiesAround) {
    for (const std::uint64_t word :
         {phase::idle, phase::intent, phase::taken, phase::retired, phase::left, phase::waiting}) {
        EXPECT_TRUE(is_phase(word));
    }
    for (const std::uint64_t word :
         {std::uint64_t{0}, ~std::uint64_t{0}, phase::idle - 1, phase::waiting + 1}) {
        EXPECT_FALSE(is_phase(word));
    }
}

TEST(Evidence, TellsClaimsApart) {
    EXPECT_NE(evidence_of(1, 5), evidence_of(2, 5));
    EXPECT_NE(evidence_of(1, 5), evidence_of(1, 6));
    EXPECT_NE(evidence_of(1, max_items), evidence_of(2, 0));
}

TEST(Current, SaysWhichItemAndWhetherItRuns) {
    for (const std::uint64_t item : {std::uint64_t{0}, std::uint64_t{1}, max_items}) {
        EXPECT_EQ(item_of(running(item)), item);
        EXPECT_EQ(item_of(resting_at(item)), item);
        EXPECT_TRUE(is_running(running(item)));
        EXPECT_FALSE(is_running(resting_at(item)));
    }
}

TEST(ClaimCheck, CoversEveryField) {
    const Claim claim{.job = 3, .serial = 9, .begin = 100, .end = 200, .shift = 5};
    std::vector<Claim> others(5, claim);
    others[0].job ^= 1;
    others[1].serial ^= 1;
    others[2].begin ^= 1;
    others[3].end ^= 1;
    others[4].shift ^= 1;
    for (const Claim& other : others) {
        EXPECT_NE(other.check(secret), claim.check(secret));
    }
    EXPECT_NE(claim.check(secret), claim.check(secret + 1));
}

TEST(FrameCheck, CoversEveryFieldAndThePlace) {
    const FrameHeader header{.check = 0,
                             .kind = FrameKind::results,
                             .job = 1,
                             .serial = 2,
                             .first = 3,
                             .count = 4,
                             .bytes = 32};
    std::vector<FrameHeader> others(6, header);
    others[0].kind = FrameKind::sized;
    others[1].job = 2;
    others[2].serial = 3;
    others[3].first = 4;
    others[4].count = 5;
    others[5].bytes = 40;
    const std::uint32_t check = header.expected_check(64, secret);
    for (const FrameHeader& other : others) {
        EXPECT_NE(other.expected_check(64, secret), check);
    }
    EXPECT_NE(header.expected_check(96, secret), check);
    EXPECT_NE(header.expected_check(64 + (std::uint64_t{1} << 24U), secret), check)
        << "the same place, a lap later";
    EXPECT_NE(header.expected_check(64, secret + 1), check);
}

TEST(FrameSize, KeepsFramesAndEntriesAligned) {
    for (std::uint64_t bytes = 0; bytes < 200; ++bytes) {
        EXPECT_EQ(frame_size(bytes) % frame_align, 0U);
        EXPECT_GE(frame_size(bytes), sizeof(FrameHeader) + bytes);
        EXPECT_EQ(entry_size(bytes) % 8, 0U);
        EXPECT_GE(entry_size(bytes), sizeof(Entry) + bytes);
    }
}

TEST(Current, IsToldFromWhatATaskWrites) {
    for (const std::uint64_t item : {std::uint64_t{0}, std::uint64_t{77}, max_items}) {
        for (const std::uint64_t current : {running(item), resting_at(item)}) {
            EXPECT_TRUE(is_current(current));
            EXPECT_EQ(item_of(current), item);
            for (const std::uint64_t other :
                 {current + 1, current - 1, current + 2, current ^ std::uint64_t{1} << 62U}) {
                EXPECT_FALSE(is_current(other));
            }
        }
        EXPECT_TRUE(is_running(running(item)));
        EXPECT_FALSE(is_running(resting_at(item)));
    }
    for (const std::uint64_t word : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        EXPECT_FALSE(is_current(word));
    }
}

TEST(VerdictWord, IsOfOneItemAndOneState) {
    const std::uint64_t word = verdict(9, Verdict::running, 37);
    EXPECT_TRUE(is_verdict_of(word, 37));
    EXPECT_FALSE(is_verdict_of(word, 36));
    EXPECT_EQ(count_of(word), 9U);
    EXPECT_EQ(state_of(word), Verdict::running);
    for (const std::uint64_t other : {std::uint64_t{0}, ~std::uint64_t{0}, word + 1, word - 1}) {
        EXPECT_FALSE(is_verdict_of(other, 37));
    }
}

}  // namespace
}  // namespace procpool::engine
