#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goal.hpp"
#include "hash.hpp"

namespace mine {

/// Which candidates there are, and in which order. `enumerate`: every suffix of a length, in the
/// order of the alphabet. `random`: random letters. `nonce`: the nonces of a block header.
enum class Strategy : std::uint32_t { enumerate, random, nonce };

inline constexpr std::size_t longest_suffix = 64;
inline constexpr std::size_t largest_alphabet = 95;  // the printable characters of ASCII

/// What is looked for, and the state of the base: all that a worker needs, as one value that can be
/// copied byte by byte. What depends on the base alone is computed once, by make_search().
struct Search {
    Hash hash = Hash::adler32;
    Strategy strategy = Strategy::random;
    std::uint64_t seed = 0;

    std::uint32_t alphabet_size = 0;
    std::array<char, largest_alphabet> alphabet{};
    /// The lengths of random suffixes: groups of candidates take them in turn.
    std::uint32_t length_count = 0;
    std::array<std::uint8_t, longest_suffix> lengths{};

    std::uint32_t range_count = 0;
    std::array<Range, 10> ranges{};
    std::array<std::uint8_t, 32> target{};  ///< of a block, the most significant byte first

    // The state of the base.
    std::uint32_t checksum = 0;               ///< adler32 or crc32 of it
    std::array<std::uint32_t, 8> midstate{};  ///< sha256 after its whole blocks of 64 bytes
    std::array<std::uint8_t, 64> tail{};      ///< its bytes after those
    std::uint32_t tail_size = 0;
    std::uint64_t base_size = 0;  ///< bytes
};

/// `lengths` are for the strategy random. The alphabet has at most 95 letters.
[[nodiscard]] Search make_search(Strategy strategy, const Goal& goal, std::string_view base,
                                 std::string_view alphabet,
                                 const std::vector<unsigned>& lengths = {}, std::uint64_t seed = 0);

/// Candidates [first, first + count), in the order of the strategy: suffixes of `length` letters
/// (enumerate), random suffixes (random) or nonces (nonce).
struct Chunk {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint32_t length = 0;
};

/// The numbers of the candidates that met the goal, ascending.
using Hits = std::vector<std::uint64_t>;
/// How many hashes were computed, and the hits. The search in a chunk ends with the last hit that
/// is wanted, so the hashes may be fewer than the candidates of the chunk.
using Report = std::pair<std::uint64_t, Hits>;

/// Searches a chunk for at most `wanted` hits. A pure function of its arguments: any process may
/// call it, any number of times. It allocates memory for the hits only.
[[nodiscard]] Report work_off(const Search& search, const Chunk& chunk, std::uint64_t wanted);

/// The suffix of candidate `number`; for enumerate, of those with `length` letters. For a block
/// header, the nonce as 4 bytes.
[[nodiscard]] std::string suffix_of(const Search& search, std::uint64_t number,
                                    std::uint32_t length);

/// How many random suffixes in a row have the same length.
inline constexpr std::uint64_t length_group = 4096;

/// How many suffixes of this length there are; 2^64 - 1 if more.
[[nodiscard]] std::uint64_t count_suffixes(std::size_t alphabet, std::uint32_t length);

}  // namespace mine
