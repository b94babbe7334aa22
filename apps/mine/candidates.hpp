#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "search.hpp"
#include "tool/split_mix.hpp"

namespace mine {

// From the number of a candidate to its letters: inline, because the inner loops of the search need
// it.

__extension__ using Wide = unsigned __int128;

/// Writes the letters of random candidate `number`. All random candidates are one stream of
/// numbers, of which any can be computed directly, so workers need nothing from each other.
inline void random_letters(const Search& search, std::uint64_t number, std::uint32_t length,
                           char* out) {
    constexpr std::uint32_t letters_a_draw = 6;  // of 64 bits; the bias is below 2^-24
    constexpr std::uint64_t draws = (longest_suffix + letters_a_draw - 1) / letters_a_draw;
    tool::SplitMix64 random(tool::SplitMix64(search.seed).next());
    random.skip(number * draws);
    for (std::uint32_t i = 0; i < length;) {
        std::uint64_t bits = random.next();
        for (const std::uint32_t end = std::min(length, i + letters_a_draw); i < end; ++i) {
            const Wide product = Wide{bits} * search.alphabet_size;
            out[i] = search.alphabet[static_cast<std::size_t>(product >> 64)];
            bits = static_cast<std::uint64_t>(product);
        }
    }
}

/// How many letters random candidate `number` has.
inline std::uint32_t random_length(const Search& search, std::uint64_t number) {
    return search.lengths[(number / length_group) % search.length_count];
}

/// The letters of a suffix, each as its place in the alphabet.
using Places = std::array<std::uint8_t, longest_suffix>;

/// The letters of suffix `number` among those of this length, in the order of the alphabet.
inline void places_of(const Search& search, std::uint64_t number, std::uint32_t length,
                      Places& places) {
    for (std::uint32_t i = length; i-- > 0;) {
        places[i] = static_cast<std::uint8_t>(number % search.alphabet_size);
        number /= search.alphabet_size;
    }
}

}  // namespace mine
