#include "search.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

// The low-level functions are deprecated in favour of EVP, which cannot start from a state without
// allocating: see docs/mine.md for what that costs.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <zlib.h>

#include <openssl/sha.h>

#include "tool/mix.hpp"

namespace mine {

namespace {

constexpr std::size_t block_size = SHA256_CBLOCK;

__extension__ using Wide = unsigned __int128;

/// The letters of candidate `number`: SplitMix64, whose n-th value can be had directly, so that
/// whoever works on a part of the stream has a part of his own.
void random_letters(const Search& search, std::uint64_t number, std::uint32_t length, char* out) {
    constexpr std::uint32_t letters_a_draw = 6;  // of 64 bits; the bias is below 2^-24
    constexpr std::uint64_t draws = (longest_suffix + letters_a_draw - 1) / letters_a_draw;
    std::uint64_t state = tool::mixed(search.seed + tool::golden) + tool::golden * (number * draws);
    for (std::uint32_t i = 0; i < length;) {
        std::uint64_t bits = tool::mixed(state += tool::golden);
        for (const std::uint32_t end = std::min(length, i + letters_a_draw); i < end; ++i) {
            const Wide product = Wide{bits} * search.alphabet_size;
            out[i] = search.alphabet[static_cast<std::size_t>(product >> 64)];
            bits = static_cast<std::uint64_t>(product);
        }
    }
}

std::uint32_t random_length(const Search& search, std::uint64_t number) {
    return search.lengths[(number / length_group) % search.length_count];
}

/// Letters of a suffix as their places in the alphabet.
using Places = std::array<std::uint8_t, longest_suffix>;

void places_of(const Search& search, std::uint64_t number, std::uint32_t length, Places& places) {
    for (std::uint32_t i = length; i-- > 0;) {
        places[i] = static_cast<std::uint8_t>(number % search.alphabet_size);
        number /= search.alphabet_size;
    }
}

// ---- Has it met the goal? ----------------------------------------------------------------------

struct OneRange {
    std::uint64_t first;
    std::uint64_t span;
    explicit OneRange(const Search& s)
        : first(s.ranges[0].first), span(s.ranges[0].last - s.ranges[0].first) {}
    bool operator()(std::uint64_t leading) const { return leading - first <= span; }
};

struct ManyRanges {
    const Search& search;
    explicit ManyRanges(const Search& s) : search(s) {}
    bool operator()(std::uint64_t leading) const {
        for (std::uint32_t i = 0; i < search.range_count; ++i) {
            const Range& range = search.ranges[i];
            if (leading - range.first <= range.last - range.first) {
                return true;
            }
        }
        return false;
    }
};

/// Takes hits until there are enough.
class Catch {
public:
    explicit Catch(std::uint64_t wanted) : wanted_(wanted) {}
    /// True if there are enough now.
    bool take(std::uint64_t number) {
        hits_.push_back(number);
        return hits_.size() >= wanted_;
    }
    Report report(std::uint64_t hashes) { return {hashes, std::move(hits_)}; }

private:
    std::uint64_t wanted_;
    Hits hits_;
};

// ---- Checksums: a state, and a letter more
// --------------------------------------------------------

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

/// The last letter runs through the alphabet in a tight loop; the states before it are kept and
/// recomputed only from where a letter changed.
template <class Sum, class Goal>
Report enumerate_checksums(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Sum sum(search);
    const Goal meets(search);
    const std::uint32_t last = chunk.length - 1;
    Places places{};
    places_of(search, chunk.first, chunk.length, places);
    std::array<typename Sum::State, longest_suffix> before{};  // before[i]: of the letters before i
    before[0] = sum.base;
    const auto settle = [&](std::uint32_t from) {
        for (std::uint32_t i = from; i < last; ++i) {
            before[i + 1] = sum.after(before[i], search.alphabet[places[i]]);
        }
    };
    settle(0);

    Catch found(wanted);
    std::uint32_t place = places[last];
    for (std::uint64_t done = 0; done < chunk.count;) {
        const auto state = before[last];
        const auto end = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(search.alphabet_size, place + (chunk.count - done)));
        for (; place < end; ++place, ++done) {
            if (meets(sum.value(sum.after(state, search.alphabet[place])))) [[unlikely]] {
                if (found.take(chunk.first + done)) {
                    return found.report(done + 1);
                }
            }
        }
        place = 0;
        std::uint32_t changed = last;
        while (changed > 0 && ++places[--changed] == search.alphabet_size) {
            places[changed] = 0;
        }
        settle(changed);
    }
    return found.report(chunk.count);
}

template <class Sum, class Goal>
Report random_checksums(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Sum sum(search);
    const Goal meets(search);
    Catch found(wanted);
    std::array<char, longest_suffix> suffix{};
    for (std::uint64_t done = 0; done < chunk.count; ++done) {
        const std::uint64_t number = chunk.first + done;
        const std::uint32_t length = random_length(search, number);
        random_letters(search, number, length, suffix.data());
        auto state = sum.base;
        for (std::uint32_t i = 0; i < length; ++i) {
            state = sum.after(state, suffix[i]);
        }
        if (meets(sum.value(state)) && found.take(number)) {
            return found.report(done + 1);
        }
    }
    return found.report(chunk.count);
}

// ---- sha256: the blocks that the suffix is in ---------------------------------------------------

/// What is left of the message after the base's whole blocks, padded, with room for the suffix.
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

/// The hashes of `count` candidates with suffixes of one size. `write(i, suffix)` is asked for each
/// in turn; `enough(i, words)` gets the eight words of its hash and may end it all. Returns the
/// number of hashes.
///
/// Bytes that were only just written cannot be read in the wide units of the hash without waiting
/// until they have left the store buffer. So a suffix is written while the one before it is hashed,
/// and a first hash while the next candidate's is computed: that halves the time (docs/mine.md).
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
Report enumerate_sha(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
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
    Catch found(wanted);
    const auto enough = [&](std::uint64_t i, const SHA_LONG* words) {
        return meets(leading(words)) && found.take(chunk.first + i);
    };
    const auto hashes = hash_each<twice>(search, chunk.length, chunk.count, write, enough);
    return found.report(hashes);
}

template <bool twice, class Goal>
Report random_sha(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const Goal meets(search);
    Catch found(wanted);
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
            return all_found = meets(leading(words)) && found.take(first + i);
        };
        done += hash_each<twice>(search, length, count, write, enough);
    }
    return found.report(done);
}

/// The hash of a block, read backwards as Bitcoin does, must not be above its target.
bool at_most(const SHA_LONG* words, const std::array<std::uint8_t, 32>& target) {
    for (std::size_t i = 0; i < 32; ++i) {
        const auto byte = static_cast<std::uint8_t>(words[7 - i / 4] >> (8 * (i % 4)));
        if (byte != target[i]) {
            return byte < target[i];
        }
    }
    return true;
}

Report nonces(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const auto most = static_cast<std::uint32_t>(search.target[0] << 24 | search.target[1] << 16 |
                                                 search.target[2] << 8 | search.target[3]);
    const auto write = [&](std::uint64_t i, char* out) {
        const auto nonce = static_cast<std::uint32_t>(chunk.first + i);
        std::memcpy(out, &nonce, sizeof nonce);
    };
    Catch found(wanted);
    const auto enough = [&](std::uint64_t i, const SHA_LONG* words) {
        return __builtin_bswap32(words[7]) <= most && at_most(words, search.target) &&
               found.take(chunk.first + i);
    };
    return found.report(hash_each<true>(search, 4, chunk.count, write, enough));
}

template <class Goal>
Report work_off(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    const bool by_chance = search.strategy == Strategy::random;
    switch (search.hash) {
        case Hash::adler32:
            return by_chance ? random_checksums<Adler, Goal>(search, chunk, wanted)
                             : enumerate_checksums<Adler, Goal>(search, chunk, wanted);
        case Hash::crc32:
            return by_chance ? random_checksums<Crc, Goal>(search, chunk, wanted)
                             : enumerate_checksums<Crc, Goal>(search, chunk, wanted);
        case Hash::sha256:
            return by_chance ? random_sha<false, Goal>(search, chunk, wanted)
                             : enumerate_sha<false, Goal>(search, chunk, wanted);
        case Hash::sha256d:
            return by_chance ? random_sha<true, Goal>(search, chunk, wanted)
                             : enumerate_sha<true, Goal>(search, chunk, wanted);
    }
    throw std::logic_error("no such hash");
}

}  // namespace

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
        return search;
    }
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
    return search;
}

Report work_off(const Search& search, const Chunk& chunk, std::uint64_t wanted) {
    if (search.strategy == Strategy::nonce) {
        return nonces(search, chunk, wanted);
    }
    return search.range_count == 1 ? work_off<OneRange>(search, chunk, wanted)
                                   : work_off<ManyRanges>(search, chunk, wanted);
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
