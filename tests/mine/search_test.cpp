// procpool_test: LINK mine_app TIMEOUT 120
// A worker's part: every candidate is hashed, none twice, and a hit is what the library's plain
// hash says it is.

#include "mine/search.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/lists.hpp"

namespace {

using mine::Chunk;
using mine::Hash;
using mine::Search;
using mine::Strategy;
using support::listed;

constexpr std::uint64_t every = ~std::uint64_t{0};
const std::vector<Hash> hashes{Hash::adler32, Hash::crc32, Hash::sha256, Hash::sha256d};
const std::vector<Strategy> strategies{Strategy::enumerate, Strategy::random};

/// Bases of such sizes that the suffix is in one block of 64 bytes, in two, or between them.
std::vector<std::string> bases() {
    std::vector<std::string> bases;
    for (const std::size_t size : {0, 1, 18, 50, 54, 55, 56, 60, 63, 64, 65, 119, 128, 200}) {
        bases.push_back(std::string(size, '\x8f'));
    }
    return bases;
}

/// Met by many of the suffixes of this base that are made of letters like those of `middle`.
mine::Goal loose_goal(Hash hash, const std::string& base, const std::string& middle) {
    if (hash == Hash::crc32) {
        return mine::decimal_goal(hash, "1");
    }
    if (hash != Hash::adler32) {
        return mine::zero_bits_goal(hash, 3);
    }
    const std::uint64_t value = mine::leading_number(digest(hash, base + middle));
    return {.hash = hash, .ranges = {{value, value + 0x1000000}}, .text = "around the middle"};
}

/// What the plain hash says of the candidates of a chunk.
mine::Hits expected_hits(const Search& search, const mine::Goal& goal, const std::string& base,
                         const Chunk& chunk) {
    mine::Hits hits;
    for (std::uint64_t number = chunk.first; number < chunk.first + chunk.count; ++number) {
        const std::string text = base + suffix_of(search, number, chunk.length);
        if (goal.met_by(mine::leading_number(digest(goal.hash, text)))) {
            hits.push_back(number);
        }
    }
    return hits;
}

TEST(MineSearch, FindsWhatThePlainHashWouldFind) {
    for (const Hash hash : hashes) {
        for (const Strategy strategy : strategies) {
            for (const std::string& base : bases()) {
                const mine::Goal goal = loose_goal(hash, base, "ggggggggg");
                const Search search =
                    make_search(strategy, goal, base, "abcdefghijklm", {9, 3, 64}, 7);
                const Chunk chunk{.first = 4000, .count = 500, .length = 9};
                const auto [computed, hits] = work_off(search, chunk, every);
                EXPECT_EQ(computed, chunk.count);
                EXPECT_EQ(hits, expected_hits(search, goal, base, chunk))
                    << to_string(hash) << ", base of " << base.size();
            }
        }
    }
}

TEST(MineSearch, FindsTheLongestSuffixesToo) {
    for (const Hash hash : hashes) {
        const std::string base(63, 'b');
        const mine::Goal goal = loose_goal(hash, base, std::string(mine::longest_suffix, '0'));
        const Search search = make_search(Strategy::enumerate, goal, base, "01");
        const Chunk chunk{.first = 123, .count = 200, .length = mine::longest_suffix};
        EXPECT_EQ(work_off(search, chunk, every).second, expected_hits(search, goal, base, chunk));
    }
}

TEST(MineSearch, IsTheSameInPieces) {
    for (const Hash hash : hashes) {
        for (const Strategy strategy : strategies) {
            const Search search = make_search(strategy, loose_goal(hash, "base", "ddddd"), "base",
                                              "abcdefg", {5, 6}, 3);
            const auto whole = work_off(search, {.first = 3000, .count = 3000, .length = 5}, every);
            mine::Hits pieces;
            std::uint64_t computed = 0;
            for (std::uint64_t done = 0, size = 1; done < 3000; done += size, size = size * 3 + 1) {
                size = std::min(size, 3000 - done);
                const auto piece =
                    work_off(search, {.first = 3000 + done, .count = size, .length = 5}, every);
                computed += piece.first;
                pieces.insert(pieces.end(), piece.second.begin(), piece.second.end());
            }
            EXPECT_GT(pieces.size(), 10U);
            EXPECT_EQ(computed, whole.first);
            EXPECT_EQ(pieces, whole.second) << to_string(hash);
        }
    }
}

TEST(MineSearch, StopsWhenEnoughIsFound) {
    for (const Hash hash : hashes) {
        for (const Strategy strategy : strategies) {
            const Search search =
                make_search(strategy, loose_goal(hash, "base", "bbbbbbbb"), "base", "abc", {8});
            const Chunk chunk{.first = 0, .count = 5000, .length = 8};
            const auto everything = work_off(search, chunk, every).second;
            const auto [computed, hits] = work_off(search, chunk, 3);
            ASSERT_EQ(hits.size(), 3U);
            EXPECT_TRUE(std::equal(hits.begin(), hits.end(), everything.begin()));
            EXPECT_EQ(computed, hits.back() + 1);
        }
    }
}

TEST(MineSearch, FindsNothingWhereNothingIs) {
    for (const Strategy strategy : strategies) {
        const Search search =
            make_search(strategy, mine::zero_bits_goal(Hash::sha256, 64), "base", "abc", {8});
        EXPECT_TRUE(work_off(search, {.first = 0, .count = 1000, .length = 8}, 1).second.empty());
    }
}

TEST(MineSearch, EnumeratesInTheOrderOfTheAlphabet) {
    const Search search =
        make_search(Strategy::enumerate, mine::hex_goal(Hash::crc32, "0"), "", "zay");
    std::vector<std::string> suffixes;
    for (std::uint64_t number = 0; number < mine::count_suffixes(3, 2); ++number) {
        suffixes.push_back(suffix_of(search, number, 2));
    }
    EXPECT_EQ(suffixes, listed("zz", "za", "zy", "az", "aa", "ay", "yz", "ya", "yy"));
}

TEST(MineSearch, ByChanceDependsOnTheSeedAlone) {
    const auto letters = [](std::uint64_t seed, std::uint64_t number) {
        return suffix_of(make_search(Strategy::random, mine::hex_goal(Hash::crc32, "0"), "",
                                     "abcdefghijklmnopqrstuvwxyz", {20}, seed),
                         number, 0);
    };
    EXPECT_EQ(letters(1, 5), letters(1, 5));
    std::set<std::string> different;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        for (std::uint64_t number = 0; number < 1000; ++number) {
            different.insert(letters(seed, number));
        }
    }
    EXPECT_EQ(different.size(), 10'000U);
}

TEST(MineSearch, ByChanceEveryLetterIsAsLikelyAtEveryPlace) {
    const std::string alphabet = "abcdefghij";
    const Search search =
        make_search(Strategy::random, mine::hex_goal(Hash::crc32, "0"), "", alphabet, {20});
    std::vector<std::vector<int>> seen(20, std::vector<int>(alphabet.size()));
    for (std::uint64_t number = 0; number < 10'000; ++number) {
        const std::string suffix = suffix_of(search, number, 0);
        for (std::size_t place = 0; place < suffix.size(); ++place) {
            ++seen[place][alphabet.find(suffix[place])];
        }
    }
    for (const auto& place : seen) {
        for (const int times : place) {
            EXPECT_NEAR(times, 1000, 150);  // five deviations
        }
    }
}

TEST(MineSearch, ByChanceTakesItsLengthsInTurn) {
    const Search search =
        make_search(Strategy::random, mine::hex_goal(Hash::crc32, "0"), "", "ab", {4, 9});
    EXPECT_EQ(suffix_of(search, 0, 0).size(), 4U);
    EXPECT_EQ(suffix_of(search, mine::length_group, 0).size(), 9U);
    EXPECT_EQ(suffix_of(search, 2 * mine::length_group, 0).size(), 4U);
}

TEST(MineSuffixes, AreCountedUntilTheyAreTooMany) {
    EXPECT_EQ(mine::count_suffixes(26, 1), 26U);
    EXPECT_EQ(mine::count_suffixes(26, 5), 11'881'376U);
    EXPECT_EQ(mine::count_suffixes(2, 63), std::uint64_t{1} << 63);
    EXPECT_EQ(mine::count_suffixes(2, 64), every);
    EXPECT_EQ(mine::count_suffixes(95, 64), every);
}

}  // namespace
