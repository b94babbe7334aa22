#include "search.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "candidates.hpp"
#include "checksum_search.hpp"
#include "sha_search.hpp"

namespace mine {

Search make_search(Strategy strategy, const Goal& goal, std::string_view base,
                   std::string_view alphabet, const std::vector<unsigned>& lengths,
                   std::uint64_t seed) {
    Search search{.hash = goal.hash, .strategy = strategy, .seed = seed};
    search.alphabet_size = static_cast<std::uint32_t>(alphabet.size());
    std::ranges::copy(alphabet, search.alphabet.begin());
    search.length_count = static_cast<std::uint32_t>(lengths.size());
    std::ranges::transform(lengths, search.lengths.begin(),
                           [](unsigned length) { return static_cast<std::uint8_t>(length); });
    search.range_count = static_cast<std::uint32_t>(goal.ranges.size());
    std::ranges::copy(goal.ranges, search.ranges.begin());

    search.base_size = base.size();
    if (is_checksum(goal.hash)) {
        search.checksum = static_cast<std::uint32_t>(leading_number(digest(goal.hash, base)));
    } else {
        prepare_sha(search, base);
    }
    return search;
}

Report work_off(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    if (search.strategy == Strategy::nonce) {
        return search_nonces(search, chunk, wanted);
    }
    switch (search.hash) {
        case Hash::adler32:
        case Hash::crc32:
            return search_checksums(search, chunk, wanted);
        case Hash::sha256:
        case Hash::sha256d:
            return search_sha(search, chunk, wanted);
    }
    throw std::logic_error("no such hash");
}

std::string suffix_of(const Search& search, std::uint64_t number, std::uint32_t length) {
    if (search.strategy == Strategy::nonce) {
        const auto nonce = static_cast<std::uint32_t>(number);
        std::string bytes(sizeof nonce, '\0');
        std::memcpy(bytes.data(), &nonce, sizeof nonce);
        return bytes;
    }
    if (search.strategy == Strategy::random) {
        std::string suffix(random_length(search, number), '\0');
        random_letters(search, number, static_cast<std::uint32_t>(suffix.size()), suffix.data());
        return suffix;
    }
    Places places{};
    places_of(search, number, length, places);
    std::string suffix;
    for (std::uint32_t i = 0; i < length; ++i) {
        suffix += search.alphabet[places[i]];
    }
    return suffix;
}

std::uint64_t count_suffixes(std::size_t alphabet, std::uint32_t length) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t count = 1;
    for (std::uint32_t i = 0; i < length; ++i) {
        if (count > most / alphabet) {
            return most;
        }
        count *= alphabet;
    }
    return count;
}

}  // namespace mine
