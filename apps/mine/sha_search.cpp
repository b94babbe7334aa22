#include "sha_search.hpp"

#include <algorithm>
#include <array>
#include <cstring>

// The low-level functions are deprecated in favour of EVP, which cannot start from a state without
// allocating: docs/mine.md says what that costs.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "candidates.hpp"
#include "hits.hpp"

namespace mine {

namespace {

constexpr std::size_t block_size = SHA256_CBLOCK;

/// The end of the message, behind the whole blocks of the base: the rest of the base, room for the
/// suffix, and the padding.
class Message {
public:
    Message(const Search& search, std::uint32_t suffix_size) : tail_size_(search.tail_size) {
        const std::size_t size = search.tail_size + suffix_size;
        blocks_ = (size + 9 + block_size - 1) / block_size;
        std::memcpy(bytes_.data(), search.tail.data(), search.tail_size);
        finish(bytes_.data(), size, blocks_, search.base_size + suffix_size);
    }

    [[nodiscard]] char* suffix() { return reinterpret_cast<char*>(bytes_.data() + tail_size_); }

    void compress(SHA256_CTX& state) const {
        for (std::size_t i = 0; i < blocks_; ++i) {
            SHA256_Transform(&state, bytes_.data() + i * block_size);
        }
    }

    /// The padding behind `size` bytes of a message of `whole` bytes.
    static void finish(unsigned char* bytes, std::size_t size, std::size_t blocks,
                       std::uint64_t whole) {
        bytes[size] = 0x80;
        const std::uint64_t bits = __builtin_bswap64(8 * whole);
        std::memcpy(bytes + blocks * block_size - sizeof bits, &bits, sizeof bits);
    }

private:
    static constexpr std::size_t most_blocks = (63 + longest_suffix + 9) / block_size + 1;

    alignas(block_size) std::array<unsigned char, most_blocks * block_size> bytes_{};
    std::size_t tail_size_;
    std::size_t blocks_;
};

/// The second message of sha256d: the first one's hash.
class DigestMessage {
public:
    DigestMessage() {
        Message::finish(bytes_.data(), SHA256_DIGEST_LENGTH, 1, SHA256_DIGEST_LENGTH);
    }

    void set(const SHA256_CTX& hashed) {
        for (std::size_t i = 0; i < 8; ++i) {
            const std::uint32_t word = __builtin_bswap32(hashed.h[i]);
            std::memcpy(bytes_.data() + 4 * i, &word, sizeof word);
        }
    }
    void compress(SHA256_CTX& state) const { SHA256_Transform(&state, bytes_.data()); }

private:
    alignas(block_size) std::array<unsigned char, block_size> bytes_{};
};

/// Hashes `count` candidates whose suffixes have one size. Calls write(i, suffix) for each in turn,
/// then enough(i, words) with the eight words of its hash; if that says true, the rest is left.
/// Returns the number of hashes.
///
/// The hash reads its message in wide units. A unit that holds a byte written a moment ago can be
/// read only after that byte has left the store buffer of the processor. So two messages take
/// turns: a suffix is written while the candidate before it is hashed, and the second hash of
/// sha256d is computed after the first hash of the next candidate. That halves the time
/// (docs/mine.md).
template <bool twice, class Write, class Enough>
std::uint64_t hash_each(const Search& search, std::uint32_t suffix_size, std::uint64_t count,
                        const Write& write, const Enough& enough) {
    if (count == 0) {
        return 0;
    }
    SHA256_CTX fresh;
    SHA256_Init(&fresh);
    SHA256_CTX state = fresh;
    std::array<Message, 2> messages{Message{search, suffix_size}, Message{search, suffix_size}};
    std::array<DigestMessage, 2> digests;
    const auto second_is_enough = [&](std::uint64_t i) {
        std::memcpy(state.h, fresh.h, sizeof state.h);
        digests[i % 2].compress(state);
        return enough(i, state.h);
    };

    write(0, messages[0].suffix());
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i + 1 < count) {
            write(i + 1, messages[(i + 1) % 2].suffix());
        }
        std::memcpy(state.h, search.midstate.data(), sizeof state.h);
        messages[i % 2].compress(state);
        if constexpr (twice) {
            digests[i % 2].set(state);
            if (i > 0 && second_is_enough(i - 1)) {
                return i;
            }
        } else {
            if (enough(i, state.h)) {
                return i + 1;
            }
        }
    }
    if constexpr (twice) {
        static_cast<void>(second_is_enough(count - 1));
    }
    return count;
}

std::uint64_t leading(const SHA_LONG* words) { return std::uint64_t{words[0]} << 32 | words[1]; }

template <bool twice, class Goal>
Report enumerate(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Goal meets(search);
    Places places{};
    places_of(search, chunk.first, chunk.length, places);
    std::array<char, longest_suffix> suffix{};
    for (std::uint32_t i = 0; i < chunk.length; ++i) {
        suffix[i] = search.alphabet[places[i]];
    }

    const auto write = [&](std::uint64_t i, char* out) {
        for (std::uint32_t place = chunk.length; i > 0 && place-- > 0;) {
            const bool carry = ++places[place] == search.alphabet_size;
            if (carry) {
                places[place] = 0;
            }
            suffix[place] = search.alphabet[places[place]];
            if (!carry) {
                break;
            }
        }
        std::memcpy(out, suffix.data(), chunk.length);
    };
    HitList hits(wanted);
    const auto enough = [&](std::uint64_t i, const SHA_LONG* words) {
        return meets(leading(words)) && hits.add(chunk.first + i);
    };
    const auto hashes = hash_each<twice>(search, chunk.length, chunk.count, write, enough);
    return hits.report(hashes);
}

template <bool twice, class Goal>
Report at_random(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Goal meets(search);
    HitList hits(wanted);
    bool all_found = false;
    std::uint64_t done = 0;
    while (done < chunk.count && !all_found) {
        const std::uint64_t first = chunk.first + done;
        const std::uint64_t group_end = (first / length_group + 1) * length_group;
        const std::uint64_t count = std::min(chunk.count - done, group_end - first);
        const std::uint32_t length = random_length(search, first);
        const auto write = [&](std::uint64_t i, char* out) {
            random_letters(search, first + i, length, out);
        };
        const auto enough = [&](std::uint64_t i, const SHA_LONG* words) {
            return all_found = meets(leading(words)) && hits.add(first + i);
        };
        done += hash_each<twice>(search, length, count, write, enough);
    }
    return hits.report(done);
}

/// True if the hash of a block, read backwards as Bitcoin does, is not above its target.
bool at_most(const SHA_LONG* words, const std::array<std::uint8_t, 32>& target) {
    for (std::size_t i = 0; i < 32; ++i) {
        const auto byte = static_cast<std::uint8_t>(words[7 - i / 4] >> (8 * (i % 4)));
        if (byte != target[i]) {
            return byte < target[i];
        }
    }
    return true;
}

template <bool twice, class Goal>
Report search_for(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    return search.strategy == Strategy::random ? at_random<twice, Goal>(search, chunk, wanted)
                                               : enumerate<twice, Goal>(search, chunk, wanted);
}

template <bool twice>
Report search_with(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    return search.range_count == 1 ? search_for<twice, OneRange>(search, chunk, wanted)
                                   : search_for<twice, ManyRanges>(search, chunk, wanted);
}

}  // namespace

void prepare_sha(Search& search, std::string_view base) {
    SHA256_CTX state;
    SHA256_Init(&state);
    const auto* bytes = reinterpret_cast<const unsigned char*>(base.data());
    std::size_t done = 0;
    for (; base.size() - done >= block_size; done += block_size) {
        SHA256_Transform(&state, bytes + done);
    }
    std::ranges::copy(state.h, search.midstate.begin());
    search.tail_size = static_cast<std::uint32_t>(base.size() - done);
    std::copy(bytes + done, bytes + base.size(), search.tail.begin());
}

Report search_sha(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    return search.hash == Hash::sha256 ? search_with<false>(search, chunk, wanted)
                                       : search_with<true>(search, chunk, wanted);
}

Report search_nonces(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const auto most = static_cast<std::uint32_t>(search.target[0] << 24 | search.target[1] << 16 |
                                                 search.target[2] << 8 | search.target[3]);
    const auto write = [&](std::uint64_t i, char* out) {
        const auto nonce = static_cast<std::uint32_t>(chunk.first + i);
        std::memcpy(out, &nonce, sizeof nonce);
    };
    HitList hits(wanted);
    const auto enough = [&](std::uint64_t i, const SHA_LONG* words) {
        return __builtin_bswap32(words[7]) <= most && at_most(words, search.target) &&
               hits.add(chunk.first + i);
    };
    return hits.report(hash_each<true>(search, 4, chunk.count, write, enough));
}

}  // namespace mine
