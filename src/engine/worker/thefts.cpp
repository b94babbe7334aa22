#include "engine/worker/thefts.hpp"

#include <utility>

#include "engine/shared/steps.hpp"
#include "os/barrier.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

using State = TheftWord::State;

void Thefts::prepare() { takes_part_ = os::join_barriers(); }

std::uint64_t Thefts::count() {
    const std::uint64_t bits = word_.load(std::memory_order_acquire);
    if (bits != seen_) {
        const auto word = TheftWord::of(bits, seat_.pool.secret, number());
        seen_count_ = word ? word->count : 0;
        if (word && word->state == State::recorded) {
            note(bits);
        }
    }
    return seen_count_;
}

std::uint64_t Thefts::end_at(const Claim& claim, std::uint64_t at) {
    if (!takes_part_) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    // Each turn but the last finds the word changed by another process.
    for (;;) {
        const std::uint64_t bits = word_.load(std::memory_order_acquire);
        const auto seen = TheftWord::of(bits, seat_.pool.secret, number());
        if (!seen) {
            is_spoiled_ = true;
            return at;
        }
        const bool any = seen->count > claim.thefts;
        std::optional<std::uint64_t> end = claim.end;
        if (any) {
            end = seen->state == State::decided ? own_.split_of(*seen) : own_.split(seen->count);
        }
        const auto split = seen->state == State::proposed ? own_.split_of(*seen) : std::nullopt;
        if (word_.load(std::memory_order_acquire) != bits) {
            continue;
        }
        if (!end || *end < at || *end > claim.end) {
            is_spoiled_ = true;
            return at;
        }
        if (seen->state == State::recorded) {
            seen_count_ = seen->count;
            note(bits);
        }
        // What was proposed behind this item is left alone: the next one looks again.
        if (seen->state != State::proposed || (split && *split > at)) {
            return *end;
        }
        if (own_.refuse(*seen)) {
            reach(Step::theft_refused, seat_.worker);
        }
    }
}

std::uint64_t Thefts::shut(const Claim& claim, std::uint64_t at) {
    if (claim.end - claim.begin < 2) {
        return claim.end;
    }
    own_.shut();
    is_shut_ = true;
    reach(Step::theft_word_shut, seat_.worker);
    return end_at(claim, at);
}

void Thefts::let_go(const Claim& claim) {
    if (std::exchange(is_shut_, false)) {
        own_.reopen();
    }
    if (std::exchange(is_spoiled_, false)) {
        seat_.slot.alarm.fetch_add(1, std::memory_order_seq_cst);
        bells_.ring(claim.job);
    }
}

std::optional<Thefts::Loot> Thefts::look_at(int worker) {
    const Victim victim(seat_.layout, worker);
    const auto word = victim.word();
    if (word && word->state == State::proposed) {
        end_if_stuck(victim, worker, *word);
    }
    if (!word || word->state != State::recorded || word->shut || word->count == TheftWord::most ||
        is_in_doubt(*word, worker)) {
        return std::nullopt;
    }
    const Slot& slot = seat_.layout.slot(worker);
    const std::uint64_t phase = slot.phase.load(std::memory_order_acquire);
    if (!may_lose(phase)) {
        return std::nullopt;
    }
    Loot loot{slot.claim(), {}, *word};
    const Claim& from = loot.from;
    if (slot.claim_check.load(std::memory_order_acquire) != from.check(seat_.pool.secret) ||
        from.job >= seat_.layout.jobs() || !may_be_stolen(seat_.layout.job(from.job))) {
        return std::nullopt;
    }
    const auto end =
        word->count > from.thefts ? victim.split(word->count) : std::optional(from.end);
    const std::uint64_t begun = item_of(slot.current.load(std::memory_order_acquire)) - from.shift;
    if (!end || *end > from.end || begun < from.begin || begun >= *end) {
        return std::nullopt;
    }
    // Of what a worker took, the item that `current` is at is about to start.
    const std::uint64_t not_started = *end - begun - (phase == phase::waiting ? 0 : 1);
    if (not_started == 0) {
        return std::nullopt;
    }
    loot.part = from;
    loot.part.begin = *end - (not_started + 1) / 2;
    loot.part.end = *end;
    loot.part.source = source_of(word->count + 1, static_cast<std::uint64_t>(worker));
    return loot;
}

bool Thefts::may_lose(std::uint64_t phase) {
    return phase == phase::taken || phase == phase::waiting;
}

/// A thief that was stopped right then, or died, must not bar the others from its victim for ever.
void Thefts::end_if_stuck(const Victim& victim, int worker, const TheftWord& word) {
    constexpr std::uint64_t longest_proposal_ns = 20 * os::ms;
    const std::uint64_t bits = word.bits(seat_.pool.secret, static_cast<std::uint64_t>(worker));
    const std::uint64_t now = os::now_ns();
    if (pending_ != bits || pending_from_ != worker) {
        pending_ = bits;
        pending_from_ = worker;
        pending_since_ = now;
    } else if (now - pending_since_ > longest_proposal_ns) {
        static_cast<void>(victim.refuse(word));
    }
}

/// The jobs of one worker, and guarded items, stay where they are.
bool Thefts::may_be_stolen(const JobPage& page) {
    return page.terms.only_worker < 0 && !page.guarded;
}

/// Is the last thief not sure yet, as far as others can know? Then the word decides what it holds,
/// should it die now.
bool Thefts::is_in_doubt(const TheftWord& last, int worker) const {
    if (last.thief >= seat_.pool.workers) {
        return false;
    }
    const Slot& thief = seat_.layout.slot(static_cast<int>(last.thief));
    return thief.phase.load(std::memory_order_acquire) == phase::intent &&
           thief.source.load(std::memory_order_acquire) ==
               source_of(last.count, static_cast<std::uint64_t>(worker));
}

bool Thefts::take(const Loot& loot) const {
    const auto worker = static_cast<int>(victim_of(loot.part.source));
    const Victim victim(seat_.layout, worker);
    const TheftWord proposed{loot.word.count, State::proposed, number(), false};
    if (!victim.swap(loot.word, proposed)) {
        return false;
    }
    reach(Step::theft_proposed, seat_.worker);
    // The client may have seen this worker idle before.
    const bool may = seat_.pool.no_thefts.load(std::memory_order_seq_cst) == 0 &&
                     os::memory_barrier_in_all() && has_not_begun(loot, worker);
    reach(Step::theft_checked, seat_.worker);
    const std::uint64_t count = proposed.count + 1;
    if (may && victim.swap(proposed, {count, State::decided, number(), false})) {
        reach(Step::theft_decided, seat_.worker);
        victim.record(count, loot.part.begin);
        reach(Step::theft_recorded, seat_.worker);
        return true;
    }
    static_cast<void>(victim.refuse(proposed));
    return false;
}

/// Has the victim not come to the part, and still its claim? `current` is read first: if it was of
/// an earlier claim or of a later one, the claim is another one by now. While the claim waits for
/// its worker, nothing of it has begun.
bool Thefts::has_not_begun(const Loot& loot, int worker) const {
    const Slot& slot = seat_.layout.slot(worker);
    const std::uint64_t current = slot.current.load(std::memory_order_acquire);
    const std::uint64_t begun = item_of(current) - loot.from.shift;
    const std::uint64_t phase = slot.phase.load(std::memory_order_acquire);
    const bool first = begun == loot.part.begin && phase == phase::waiting && !is_running(current);
    return begun >= loot.from.begin && (begun < loot.part.begin || first) && may_lose(phase) &&
           slot.claim() == loot.from &&
           slot.claim_check.load(std::memory_order_acquire) == loot.from.check(seat_.pool.secret);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
