// procpool_test: LINK mine_app
// The header of a Bitcoin block, and its target.

#include "mine/header.hpp"

#include <string>

#include <gtest/gtest.h>

#include "mine/genesis.hpp"
#include "support/lists.hpp"
#include "support/text.hpp"

namespace {

using support::contains;
using support::listed;

std::string with_bits(const char* bits) {  // as they lie in the header
    std::string header = genesis::header;
    return header.replace(144, 8, bits);
}

/// As it is written.
std::string hash_of(const std::string& header, std::uint32_t nonce) {
    const std::string bytes(reinterpret_cast<const char*>(&nonce), sizeof nonce);
    return mine::to_hex(mine::header_digest(header, bytes));
}

std::string reason_for_refusing(const std::string& header) {
    try {
        static_cast<void>(mine::header_search(header));
    } catch (const mine::ImpossibleGoal& error) {
        return error.what();
    }
    return "it was not refused";
}

TEST(MineHeader, OfTheGenesisBlockHasItsHash) {
    EXPECT_EQ(hash_of(genesis::header, genesis::nonce), genesis::hash);
}

TEST(MineHeader, OfTheGenesisBlockAsksForItsTarget) {
    const auto search = mine::header_search(genesis::header);
    EXPECT_EQ(target_text(search),
              "00000000ffff0000000000000000000000000000000000000000000000000000");
    EXPECT_NEAR(header_share(search) * 4294967296.0, 1, 1e-4);
    EXPECT_TRUE(meets_target(search, genesis::hash));
}

TEST(MineHeader, OfTheGenesisBlockIsMetByItsNonceAndNoneNearIt) {
    const auto search = mine::header_search(genesis::header);
    const auto report =
        work_off(search, {.first = genesis::nonce - 5000, .count = 10'000, .length = 0}, 100);
    EXPECT_EQ(report.second, listed<std::uint64_t>(genesis::nonce));
}

TEST(MineHeader, TheHashMayBeTheTargetButNotAboveIt) {
    const auto search = mine::header_search(genesis::header);
    EXPECT_TRUE(meets_target(search, target_text(search)));
    std::string above = target_text(search);
    above.back() = '1';
    EXPECT_FALSE(meets_target(search, above));
}

TEST(MineHeader, AKernelTakesEasyTargetsAsThePlainHashDoes) {
    const std::string easy = with_bits("ffff7f20");  // 7fffff * 256^29: every second hash
    const auto search = mine::header_search(easy);
    const auto report = work_off(search, {.first = 1000, .count = 2000, .length = 0}, 5000);
    mine::Hits expected;
    for (std::uint32_t nonce = 1000; nonce < 3000; ++nonce) {
        if (meets_target(search, hash_of(easy, nonce))) {
            expected.push_back(nonce);
        }
    }
    EXPECT_EQ(report.second, expected);
    EXPECT_GT(expected.size(), 900U);
}

TEST(MineHeader, BitsMayEncodeSmallTargets) {
    const auto target = [](const char* bits) {
        return target_text(mine::header_search(with_bits(bits)));
    };
    EXPECT_EQ(target("00000202"),
              "0000000000000000000000000000000000000000000000000000000000000200");
    EXPECT_EQ(target("01000003"),
              "0000000000000000000000000000000000000000000000000000000000000001");
}

TEST(MineHeader, ThatIsNoneIsRefusedWithWhatToDo) {
    const std::string header = genesis::header;
    EXPECT_TRUE(contains(reason_for_refusing(""), "152 before the nonce"));
    EXPECT_TRUE(contains(reason_for_refusing(header.substr(2)), "152 before the nonce"));
    EXPECT_TRUE(contains(reason_for_refusing(header + "1dac2b7c"), "last 8 digits"));
    EXPECT_TRUE(contains(reason_for_refusing(header.substr(2) + "xy"), "hexadecimal"));
}

TEST(MineHeader, BitsThatAreNoTargetAreRefused) {
    for (const char* bits :
         {"00000000", "0000001d", "ffff801d", "ffff00ff", "01000023", "01000001"}) {
        EXPECT_TRUE(contains(reason_for_refusing(with_bits(bits)), "bits field")) << bits;
    }
}

}  // namespace
