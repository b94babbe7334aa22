#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The words of docs/protocol.md, part 2: what fits into 64 bits and how it is recognised.
namespace engine {

/// A word of the shared region.
using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free);

/// What different processes write lies this many bytes apart.
inline constexpr std::size_t cache_line = 64;

inline constexpr int max_workers = 1000;
inline constexpr std::uint64_t max_items = (std::uint64_t{1} << 38U) - 1;

/// Takers that are not workers.
namespace taker {
inline constexpr std::uint64_t nobody = 1022;
inline constexpr std::uint64_t closed = 1023;
}  // namespace taker

/// Spreads every bit of the input over the output (the finalizer of splitmix64, Steele, Lea and
/// Flood 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

/// `W`: next (38 bits), taker (10), check (16).
struct ClaimWord {
    std::uint64_t bits = 0;

    [[nodiscard]] constexpr std::uint64_t next() const { return bits & max_items; }
    [[nodiscard]] constexpr std::uint64_t taker() const { return bits >> 38U & 1023U; }

    static constexpr ClaimWord make(std::uint64_t next, std::uint64_t taker, std::uint64_t secret,
                                    std::uint64_t serial) {
        const std::uint64_t body = next | taker << 38U;
        const std::uint64_t check = (mix(body ^ secret) ^ serial) & 0xffffU;
        return {body | check << 48U};
    }
    [[nodiscard]] constexpr bool valid(std::uint64_t secret, std::uint64_t serial) const {
        return make(next(), taker(), secret, serial).bits == bits;
    }
};

/// `T`, the theft word of a worker, from which others steal: how many thefts there were (35 bits),
/// whether there may be no more for now, the state of the last one, its thief (10), a check (16).
struct TheftWord {
    enum class State : std::uint64_t {
        recorded = 0,  ///< the split says from where on
        proposed = 1,  ///< not counted yet: the next one
        decided = 2,   ///< it has succeeded; the thief's claim says from where on
    };
    static constexpr std::uint64_t most = (std::uint64_t{1} << 35U) - 1;

    std::uint64_t count = 0;
    State state = State::recorded;
    std::uint64_t thief = taker::nobody;
    bool shut = false;

    [[nodiscard]] constexpr std::uint64_t bits(std::uint64_t secret, std::uint64_t victim) const {
        const std::uint64_t flags = static_cast<std::uint64_t>(state) | (shut ? 4U : 0U);
        return ClaimWord::make(count << 3U | flags, thief, secret, ~victim).bits;
    }
    /// Nothing if the bits are no such word of this victim's.
    static constexpr std::optional<TheftWord> of(std::uint64_t bits, std::uint64_t secret,
                                                 std::uint64_t victim) {
        const ClaimWord word{bits};
        const std::uint64_t state = word.next() & 3U;
        if (state == 3 || !word.valid(secret, ~victim)) {
            return std::nullopt;
        }
        return TheftWord{word.next() >> 3U, static_cast<State>(state), word.taker(),
                         (word.next() & 4U) != 0};
    }
};

/// The first position that was taken from worker `victim` by its theft number `count`.
struct SplitWord {
    static constexpr std::uint64_t make(std::uint64_t position, std::uint64_t count,
                                        std::uint64_t secret, std::uint64_t victim) {
        return ClaimWord::make(position, taker::nobody, secret, mix(count << 10U | victim)).bits;
    }
    static constexpr std::optional<std::uint64_t> of(std::uint64_t bits, std::uint64_t count,
                                                     std::uint64_t secret, std::uint64_t victim) {
        const std::uint64_t position = ClaimWord{bits}.next();
        return make(position, count, secret, victim) == bits ? std::optional(position)
                                                             : std::nullopt;
    }
};

/// `source` of a claim that was stolen: which theft, from whom. 0: from a claim word.
constexpr std::uint64_t source_of(std::uint64_t count, std::uint64_t victim) {
    return (count << 10U | victim) + 1;
}
constexpr std::uint64_t victim_of(std::uint64_t source) { return (source - 1) & 1023U; }
constexpr std::uint64_t count_of_theft(std::uint64_t source) { return (source - 1) >> 10U; }

/// `evidence[v]`: worker v took the claim of job `serial` that ends at `end`.
constexpr std::uint64_t evidence_of(std::uint64_t serial, std::uint64_t end) {
    return serial << 38U | end;
}

/// The number that a word seals; one beyond every bound if it seals none.
constexpr std::uint64_t unsealed(std::uint64_t word) {
    return detail::seal(word >> 20U) == word ? word >> 20U : ~std::uint64_t{0};
}

/// `current`: item i runs, or everything before i is finished and i has not started.
/// Sealed, because a death is told from it alone.
constexpr std::uint64_t running(std::uint64_t item) { return detail::seal(item * 2 + 1); }
constexpr std::uint64_t resting_at(std::uint64_t item) { return detail::seal(item * 2); }
constexpr std::uint64_t item_of(std::uint64_t current) { return unsealed(current) / 2; }
constexpr bool is_running(std::uint64_t current) { return (unsealed(current) & 1U) != 0; }
constexpr bool is_current(std::uint64_t current) { return unsealed(current) <= 2 * max_items + 1; }

/// `verdict` of a timed item: its number among all that this place ever ran (30 bits, so that no
/// two look alike), its state (2), and a check (32) of both and of the item: what a task wrote
/// there, or a verdict of another item, does not pass.
enum class Verdict : std::uint64_t { none = 0, running = 1, finished = 2, condemned = 3 };
constexpr std::uint64_t verdict(std::uint64_t count, Verdict state, std::uint64_t item) {
    const std::uint64_t body = (count << 2U | static_cast<std::uint64_t>(state)) & 0xffff'ffffU;
    return body | mix(body ^ item * 0xc2b2'ae3d'27d4'eb4fU) >> 32U << 32U;
}
constexpr Verdict state_of(std::uint64_t verdict) { return static_cast<Verdict>(verdict & 3U); }
constexpr std::uint64_t count_of(std::uint64_t verdict) { return (verdict & 0xffff'ffffU) >> 2U; }
constexpr bool is_verdict_of(std::uint64_t word, std::uint64_t item) {
    return verdict(count_of(word), state_of(word), item) == word;
}

/// `initializing`: what a worker of this incarnation writes there while the initializer runs.
constexpr std::uint64_t initializing_seal(std::uint64_t secret, std::uint64_t incarnation) {
    return mix(secret ^ incarnation * 0x1656'67b1'9e37'79f9U);
}

/// `phase`: values that no task writes by accident.
namespace phase {
inline constexpr std::uint64_t idle = 0x1d1e'5afe'0000'0001U;
inline constexpr std::uint64_t intent = 0x1d1e'5afe'0000'0002U;
inline constexpr std::uint64_t taken = 0x1d1e'5afe'0000'0003U;
inline constexpr std::uint64_t retired = 0x1d1e'5afe'0000'0004U;
/// Written by the fork server: the worker is dead, and what it held is about to be handed on.
inline constexpr std::uint64_t left = 0x1d1e'5afe'0000'0005U;
/// The same: the claim is what a dead worker left. The next one in its place has not come yet.
inline constexpr std::uint64_t waiting = 0x1d1e'5afe'0000'0006U;
/// Not a phase: the worker found that a task had written over its slot or its ring.
inline constexpr std::uint64_t spoiled = 0;
}  // namespace phase
constexpr bool is_phase(std::uint64_t word) {
    return word >= phase::idle && word <= phase::waiting;
}

/// What a worker holds of a job: positions [begin, end); item = position + shift.
struct Claim {
    std::uint64_t job = 0;  ///< index of the job page
    std::uint64_t serial = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t shift = 0;   ///< modulo 2^64
    std::uint64_t source = 0;  ///< the theft by which it was taken; 0: of a claim word
    std::uint64_t thefts = 0;  ///< from its worker, before it; TheftWord::most: none is of this one

    [[nodiscard]] bool operator==(const Claim&) const = default;
    [[nodiscard]] constexpr std::uint64_t first_item() const { return begin + shift; }
    [[nodiscard]] constexpr std::uint64_t end_item() const { return end + shift; }
    [[nodiscard]] constexpr std::uint64_t check(std::uint64_t secret) const {
        return mix(secret ^ serial * 0x9e3779b97f4a7c15U ^ begin * 0xc2b2ae3d27d4eb4fU ^
                   end * 0x165667b19e3779f9U ^ (shift + job + source) * 0xd6e8feb86659fd93U ^
                   thefts * 0x27d4'eb2f'1656'67c5U);
    }
};

/// `frame_pos` of a replacement that has opened no frame yet.
inline constexpr std::uint64_t no_frame = ~std::uint64_t{0};

/// What a frame of a result ring carries.
enum class FrameKind : std::uint16_t {
    results = 1,  ///< fixed-size results of `count` items, end to end (none at all for void and
                  ///< in-place jobs)
    sized = 2,    ///< variable-sized results: `count` items, of which those with a result have an
                  ///< Entry; the others gave nothing
    part = 3,     ///< a piece of one large variable-sized result: PartHeader, then bytes
    failure = 4,  ///< an encoded Failure of one item
    skipped = 7,  ///< no payload: `count` items that were claimed and then cancelled
    initializer = 6,  ///< an encoded Failure of the pool's initializer; belongs to no job
    padding = 5,      ///< no payload: the next frame starts at the ring's beginning
};

/// Before each variable-sized result of a frame; the next entry follows the bytes, aligned to 8.
struct Entry {
    std::uint32_t size = 0;
    std::uint32_t index = 0;  ///< item - first item of the frame; grows within a frame
};

struct PartHeader {
    std::uint64_t offset = 0;
    std::uint64_t total = 0;
};

struct alignas(32) FrameHeader {
    std::uint32_t check = 0;
    FrameKind kind{};
    std::uint16_t job = 0;
    std::uint64_t serial = 0;
    std::uint64_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t bytes = 0;  ///< of the payload; the frame is rounded up to 32

    /// `position`: that of the frame in the ring, so that a frame of an earlier lap does not pass.
    [[nodiscard]] std::uint32_t expected_check(std::uint64_t position, std::uint64_t secret) const {
        const std::uint64_t head = static_cast<std::uint64_t>(kind) << 16U | job;
        const std::uint64_t size = static_cast<std::uint64_t>(count) << 32U | bytes;
        return static_cast<std::uint32_t>(
            mix(position ^ secret ^ head * 0x9e3779b97f4a7c15U ^ serial * 0xc2b2ae3d27d4eb4fU ^
                first * 0x165667b19e3779f9U ^ size * 0xd6e8feb86659fd93U));
    }

    /// Its bytes, assembled in registers. Reading them from the members would have to wait for the
    /// stores to the members.
    [[nodiscard]] std::array<std::uint64_t, 4> words() const {
        static_assert(std::endian::native == std::endian::little);
        return {check | static_cast<std::uint64_t>(kind) << 32U | std::uint64_t{job} << 48U, serial,
                first, count | std::uint64_t{bytes} << 32U};
    }
};
static_assert(sizeof(FrameHeader) == 32);

inline constexpr std::uint64_t frame_align = 32;
constexpr std::uint64_t frame_size(std::uint64_t payload) {
    return (sizeof(FrameHeader) + payload + frame_align - 1) / frame_align * frame_align;
}
/// Where byte number `count`, of all that ever went through a ring, lies in it. The capacity is a
/// power of two, because this is done several times an item.
constexpr std::uint64_t position_of(std::uint64_t count, std::uint64_t capacity) {
    return count & (capacity - 1);
}
constexpr std::uint64_t entry_size(std::uint64_t bytes) {
    return sizeof(Entry) + (bytes + 7) / 8 * 8;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
