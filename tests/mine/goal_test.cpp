// procpool_test: LINK mine_app
// What a goal asks of a hash, and which goals are refused before any work.

#include "mine/goal.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "mine/hash.hpp"
#include "support/text.hpp"

namespace {

using mine::Hash;
using support::contains;

std::string reason_for_refusing(auto&& make) {
    try {
        static_cast<void>(make());
    } catch (const mine::ImpossibleGoal& error) {
        return error.what();
    }
    return "it was not refused";
}

TEST(MineHash, IsWhatTheLectureComputed) {
    EXPECT_EQ(mine::leading_number(digest(Hash::adler32, "I miss DSR already")), 928581169U);
    EXPECT_EQ(mine::leading_number(digest(Hash::adler32, "I miss DSR already!")), 1034618450U);
}

TEST(MineHash, IsWhatTheStandardsSay) {
    EXPECT_EQ(mine::to_hex(digest(Hash::crc32, "123456789")), "cbf43926");
    EXPECT_EQ(mine::to_hex(digest(Hash::sha256, "abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(mine::to_hex(digest(Hash::sha256d, "hello")),
              "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50");
}

TEST(MineHex, GoesBothWaysAndRefusesWhatIsNone) {
    EXPECT_EQ(mine::from_hex(mine::to_hex("\x01\xfe z")), "\x01\xfe z");
    EXPECT_EQ(mine::from_hex("ABcd"), "\xab\xcd");
    EXPECT_EQ(mine::from_hex("abc"), std::nullopt);
    EXPECT_EQ(mine::from_hex("0x"), std::nullopt);
}

TEST(MineGoal, InHexIsAboutAHashOfFixedWidth) {
    const auto goal = mine::hex_goal(Hash::adler32, "0a");
    EXPECT_TRUE(goal.met_by(0x0a000000));
    EXPECT_TRUE(goal.met_by(0x0affffff));
    EXPECT_FALSE(goal.met_by(0x09ffffff));
    EXPECT_FALSE(goal.met_by(0x0b000000));
    EXPECT_FALSE(goal.met_by(0xa0000000));
    EXPECT_DOUBLE_EQ(goal.share(), 1.0 / 256);
}

TEST(MineGoal, InDecimalIsAboutNumbersOfAnyLength) {
    const auto goal = mine::decimal_goal(Hash::crc32, "42");
    for (const std::uint64_t met : {42U, 420U, 429U, 42999U, 4200000000U, 4294967295U}) {
        EXPECT_TRUE(goal.met_by(met)) << met;
    }
    for (const std::uint64_t missed : {4U, 41U, 43U, 419U, 430U, 142U, 4199999999U}) {
        EXPECT_FALSE(goal.met_by(missed)) << missed;
    }
}

TEST(MineGoal, OfZeroBitsMayEndInAHexadecimalDigit) {
    const auto goal = mine::zero_bits_goal(Hash::sha256, 5);
    EXPECT_TRUE(goal.met_by(0x07ffffffffffffff));
    EXPECT_FALSE(goal.met_by(0x0800000000000000));
    EXPECT_DOUBLE_EQ(goal.share(), 1.0 / 32);
}

TEST(MineGoal, MayTakeEveryDigitThereIs) {
    EXPECT_TRUE(mine::hex_goal(Hash::sha256, "FFFFFFFFFFFFFFFF").met_by(~std::uint64_t{0}));
    EXPECT_TRUE(mine::hex_goal(Hash::crc32, "12345678").met_by(0x12345678));
    EXPECT_TRUE(mine::zero_bits_goal(Hash::sha256, 64).met_by(0));
    EXPECT_FALSE(mine::zero_bits_goal(Hash::adler32, 32).met_by(1));
}

TEST(MineGoal, AZeroAtTheBeginningOfADecimalNumberIsRefusedWithWhatToDo) {
    const auto reason = reason_for_refusing([] { return mine::decimal_goal(Hash::adler32, "0"); });
    EXPECT_TRUE(contains(reason, "never begins with 0"));
    EXPECT_TRUE(contains(reason, "--digits hex"));
}

TEST(MineGoal, BeyondTheModulusOfAdlerIsRefused) {
    for (const char* prefix : {"b82efff8", "b82efff1", "fff1", "ffff", "fff"}) {
        const auto refuse = [&] { return mine::hex_goal(Hash::adler32, prefix); };
        if (std::string(prefix) == "fff") {
            EXPECT_NO_THROW(static_cast<void>(refuse())) << "fff0 is the largest half";
        } else {
            EXPECT_TRUE(contains(reason_for_refusing(refuse), "below 65521")) << prefix;
        }
    }
    EXPECT_NO_THROW(static_cast<void>(mine::hex_goal(Hash::crc32, "b82efff8")));
    EXPECT_TRUE(contains(
        reason_for_refusing([] { return mine::decimal_goal(Hash::adler32, "4294967295"); }),
        "below 65521"));
}

TEST(MineGoal, ThatNoNumberMeetsIsRefused) {
    const auto refused = [](auto&& make) {
        const std::string reason = reason_for_refusing(make);
        EXPECT_NE(reason, "it was not refused");
        EXPECT_EQ(reason.find('\n'), std::string::npos) << reason;
    };
    for (const char* prefix : {"", "g", "0x1", "-1", " 1", "123456789"}) {
        refused([=] { return mine::hex_goal(Hash::crc32, prefix); });
    }
    for (const char* prefix : {"", "a", "-1", "4294967296", "99999999999999999999"}) {
        refused([=] { return mine::decimal_goal(Hash::crc32, prefix); });
    }
    refused([] { return mine::decimal_goal(Hash::sha256, "1"); });
    refused([] { return mine::hex_goal(Hash::sha256, "00000000000000000"); });
    for (const int bits : {-1, 0, 33}) {
        refused([=] { return mine::zero_bits_goal(Hash::crc32, bits); });
    }
    refused([] { return mine::zero_bits_goal(Hash::sha256, 65); });
}

}  // namespace
