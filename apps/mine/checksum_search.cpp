#include "checksum_search.hpp"

#include <algorithm>
#include <array>

#include <zlib.h>

#include "candidates.hpp"
#include "hits.hpp"

namespace mine {

namespace {

// A checksum as a state of the letters so far, and the step for one letter more.

struct Adler {
    static constexpr std::uint32_t modulus = 65521;
    struct State {
        std::uint32_t a = 0;
        std::uint32_t b = 0;
    };

    explicit Adler(const Search& s) : base{s.checksum & 0xffff, s.checksum >> 16} {}

    [[nodiscard]] static State after(State state, char letter) {
        state.a = reduced(state.a + static_cast<unsigned char>(letter));
        state.b = reduced(state.b + state.a);
        return state;
    }
    [[nodiscard]] static std::uint32_t value(State state) { return state.b << 16 | state.a; }

    State base;

private:
    static std::uint32_t reduced(std::uint32_t sum) {
        return std::min(sum, sum - modulus);  // below the modulus the difference wraps around
    }
};

struct Crc {
    using State = std::uint32_t;  // the complement of the checksum

    explicit Crc(const Search& s) : base(~s.checksum) {}

    [[nodiscard]] State after(State state, char letter) const {
        return static_cast<State>(table[(state ^ static_cast<unsigned char>(letter)) & 0xff]) ^
               state >> 8;
    }
    [[nodiscard]] static std::uint32_t value(State state) { return ~state; }

    const z_crc_t* table = get_crc_table();
    State base;
};

/// The last letter runs through the alphabet in a tight loop. The states before it are kept, and
/// computed again only from the first letter that changes.
template <class Sum, class Goal>
Report enumerate(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Sum sum(search);
    const Goal meets(search);
    const std::uint32_t last = chunk.length - 1;
    Places places{};
    places_of(search, chunk.first, chunk.length, places);
    std::array<typename Sum::State, longest_suffix> before{};  // before[i]: of the letters before i
    before[0] = sum.base;
    const auto compute_from = [&](std::uint32_t from) {
        for (std::uint32_t i = from; i < last; ++i) {
            before[i + 1] = sum.after(before[i], search.alphabet[places[i]]);
        }
    };
    compute_from(0);

    HitList hits(wanted);
    std::uint32_t place = places[last];
    for (std::uint64_t done = 0; done < chunk.count;) {
        const auto state = before[last];
        const auto end = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(search.alphabet_size, place + (chunk.count - done)));
        for (; place < end; ++place, ++done) {
            if (meets(sum.value(sum.after(state, search.alphabet[place])))) [[unlikely]] {
                if (hits.add(chunk.first + done)) {
                    return hits.report(done + 1);
                }
            }
        }
        place = 0;
        std::uint32_t changed = last;
        while (changed > 0 && ++places[--changed] == search.alphabet_size) {
            places[changed] = 0;
        }
        compute_from(changed);
    }
    return hits.report(chunk.count);
}

template <class Sum, class Goal>
Report at_random(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Sum sum(search);
    const Goal meets(search);
    HitList hits(wanted);
    std::array<char, longest_suffix> suffix{};
    for (std::uint64_t done = 0; done < chunk.count; ++done) {
        const std::uint64_t number = chunk.first + done;
        const std::uint32_t length = random_length(search, number);
        random_letters(search, number, length, suffix.data());
        auto state = sum.base;
        for (std::uint32_t i = 0; i < length; ++i) {
            state = sum.after(state, suffix[i]);
        }
        if (meets(sum.value(state)) && hits.add(number)) {
            return hits.report(done + 1);
        }
    }
    return hits.report(chunk.count);
}

template <class Sum, class Goal>
Report search_for(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    return search.strategy == Strategy::random ? at_random<Sum, Goal>(search, chunk, wanted)
                                               : enumerate<Sum, Goal>(search, chunk, wanted);
}

template <class Sum>
Report search_with(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    return search.range_count == 1 ? search_for<Sum, OneRange>(search, chunk, wanted)
                                   : search_for<Sum, ManyRanges>(search, chunk, wanted);
}

}  // namespace

Report search_checksums(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    return search.hash == Hash::adler32 ? search_with<Adler>(search, chunk, wanted)
                                        : search_with<Crc>(search, chunk, wanted);
}

}  // namespace mine
