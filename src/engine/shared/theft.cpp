#include "engine/shared/theft.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// Each turn but the last of the loops here finds the word changed by another process: a few times,
/// if none is sick.
constexpr int most_turns = 1000;

}  // namespace

std::optional<TheftWord> Victim::word() const {
    return TheftWord::of(words_.word.load(std::memory_order_seq_cst), secret(), number());
}

std::uint64_t Victim::count() const {
    const auto seen = word();
    return seen ? seen->count : 0;
}

std::optional<std::uint64_t> Victim::split(std::uint64_t count) const {
    return SplitWord::of(words_.split.load(std::memory_order_acquire), count, secret(), number());
}

std::optional<std::uint64_t> Victim::split_of(const TheftWord& seen) const {
    if (seen.thief >= layout_.pool().workers) {
        return std::nullopt;
    }
    const std::uint64_t count =
        seen.state == TheftWord::State::proposed ? seen.count + 1 : seen.count;
    const Slot& thief = layout_.slot(static_cast<int>(seen.thief));
    const Claim claim = thief.claim();
    const bool sound = thief.claim_check.load(std::memory_order_acquire) == claim.check(secret()) &&
                       claim.source == source_of(count, number());
    return sound ? std::optional(claim.begin) : std::nullopt;
}

std::optional<std::uint64_t> Victim::held_end(const Claim& claim) const {
    for (int turn = 0; turn < most_turns; ++turn) {
        const std::uint64_t bits = words_.word.load(std::memory_order_seq_cst);
        const auto seen = TheftWord::of(bits, secret(), number());
        if (!seen) {
            return std::nullopt;
        }
        if (seen->state == TheftWord::State::proposed) {
            static_cast<void>(refuse(*seen));
            continue;
        }
        if (seen->count <= claim.thefts) {
            return claim.end;
        }
        const auto at =
            seen->state == TheftWord::State::decided ? split_of(*seen) : split(seen->count);
        if (words_.word.load(std::memory_order_seq_cst) != bits) {
            continue;
        }
        return at && *at >= claim.begin && *at < claim.end ? at : std::nullopt;
    }
    return std::nullopt;
}

bool Victim::swap(const TheftWord& seen, const TheftWord& next) const {
    std::uint64_t expected = seen.bits(secret(), number());
    return words_.word.compare_exchange_strong(expected, next.bits(secret(), number()),
                                               std::memory_order_seq_cst);
}

bool Victim::refuse(const TheftWord& seen) const {
    return swap(seen, {seen.count, TheftWord::State::recorded, taker::nobody, seen.shut});
}

void Victim::record(std::uint64_t count, std::uint64_t split) const {
    words_.split.store(SplitWord::make(split, count, secret(), number()),
                       std::memory_order_release);
    for (int turn = 0; turn < most_turns; ++turn) {
        const auto seen = word();
        if (!seen || seen->state != TheftWord::State::decided || seen->count != count ||
            swap(*seen, {count, TheftWord::State::recorded, seen->thief, seen->shut})) {
            return;
        }
    }
}

void Victim::shut() const { set_shut(true); }
void Victim::reopen() const { set_shut(false); }

void Victim::set_shut(bool shut) const {
    for (int turn = 0; turn < most_turns; ++turn) {
        const auto seen = word();
        if (!seen || seen->shut == shut) {
            return;
        }
        TheftWord next = *seen;
        next.shut = shut;
        if (shut && seen->state == TheftWord::State::proposed) {
            next = {seen->count, TheftWord::State::recorded, taker::nobody, true};
        }
        if (swap(*seen, next)) {
            return;
        }
    }
}

std::optional<bool> Victim::settle(int thief, const Claim& claim) const {
    const std::uint64_t count = count_of_theft(claim.source);
    for (int turn = 0; turn < most_turns; ++turn) {
        const auto seen = word();
        if (!seen) {
            return std::nullopt;
        }
        const bool proposed = seen->state == TheftWord::State::proposed;
        if (seen->thief != static_cast<std::uint64_t>(thief) ||
            seen->count + (proposed ? 1 : 0) != count) {
            return false;
        }
        if (proposed) {
            if (refuse(*seen)) {
                return false;
            }
        } else {
            if (seen->state == TheftWord::State::decided) {
                record(count, claim.begin);
            }
            return true;
        }
    }
    return std::nullopt;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
