#include "engine/client/reconciliation.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <optional>

#include <procpool/errors.hpp>

#include "engine/shared/theft.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// A worker whose slot stays in doubt, or makes no sense, for this long is killed.
constexpr std::uint64_t longest_doubt = 200 * ms;

/// What a worker holds, by its slot. Not `clear` if that cannot be told: the worker is just
/// claiming, or the slot makes no sense.
struct Holding {
    bool clear = false;
    std::optional<Claim> claim;
};
Holding read_holding(const Layout& layout, int worker) {
    const Slot& slot = layout.slot(worker);
    const std::uint64_t phase = slot.phase.load(std::memory_order_acquire);
    if (phase == phase::idle) {
        return {.clear = true, .claim = std::nullopt};
    }
    // The worker may run while this reads: only a copy that is whole and still current counts.
    Claim claim = slot.claim();
    const bool whole =
        slot.claim_check.load(std::memory_order_acquire) == claim.check(layout.pool().secret);
    if (!whole) {
        return {};
    }
    const std::optional<std::uint64_t> end = Victim(layout, worker).held_end(claim);
    const bool holds = is_phase(phase) && phase != phase::intent;
    if (!holds || slot.serial.load(std::memory_order_acquire) != claim.serial ||
        slot.begin.load(std::memory_order_acquire) != claim.begin ||
        slot.phase.load(std::memory_order_acquire) != phase) {
        return {};
    }
    // Where a task wrote over those words, it may hold less. It finds that out itself, goes no
    // farther and raises the alarm; what nobody holds is started again then.
    claim.end = end.value_or(claim.end);
    return {.clear = true, .claim = claim};
}

/// Call it when nobody is in doubt. Ends a theft whose thief is gone, and mends a word that a task
/// wrote.
void mend_theft_word(const Layout& layout, int worker) {
    using State = TheftWord::State;
    const Victim victim(layout, worker);
    if (const auto seen = victim.word()) {
        if (seen->state == State::proposed) {
            static_cast<void>(victim.refuse(*seen));
        } else if (seen->state == State::decided) {
            // What the thief wrote is not readable any more: no split is of this theft then.
            victim.record(seen->count, victim.split_of(*seen).value_or(max_items));
        }
        return;
    }
    // A number that this worker has not used yet, as far as that can be told.
    const std::uint64_t secret = layout.pool().secret;
    Word& place = layout.thefts(worker).word;
    std::uint64_t bits = place.load(std::memory_order_acquire);
    const std::uint64_t count =
        std::max(layout.slot(worker).thefts.load(std::memory_order_acquire) + 1,
                 TheftWord::most / 2 + (mix(bits) >> 32U));
    const TheftWord fresh{std::min(count, TheftWord::most), State::recorded, taker::nobody, false};
    place.compare_exchange_strong(bits, fresh.bits(secret, static_cast<std::uint64_t>(worker)),
                                  std::memory_order_seq_cst);
}

Failure broken(const char* why) { return {.kind = Failure::Kind::broken, .message = why}; }

}  // namespace

void Reconciliation::run() {
    try {
        start_missing_again();
    } catch (...) {
        inbox_.note_damage();
        throw;
    }
    release_down_workers();
}

void Reconciliation::start_missing_again() {
    const std::vector<JobHandle> jobs = unresolved();
    const std::vector<Claim> held = stop_and_await_claims();
    inbox_.collect();
    for (const JobHandle& job : jobs) {
        if (job->resolved) {
            continue;
        }
        const IntervalSet theirs = held_of(*job, held);
        if (job->ended) {
            end(*job, theirs, Failure{.kind = Failure::Kind::cancelled});
            continue;
        }
        try {
            post_missing(job, theirs);
        } catch (const std::bad_alloc&) {
            end(*job, theirs, broken("no memory is left to start it again"));
        } catch (const PoolBroken& none) {
            end(*job, theirs, broken(none.what()));
        }
    }
}

/// What every worker holds. No claim succeeds, and nothing is stolen, until that is known.
std::vector<Claim> Reconciliation::stop_and_await_claims() {
    class NoThefts {
    public:
        explicit NoThefts(const Layout& layout) : flag_(layout.pool().no_thefts) {
            flag_.store(1, std::memory_order_seq_cst);
        }
        NoThefts(const NoThefts&) = delete;
        NoThefts& operator=(const NoThefts&) = delete;
        ~NoThefts() { flag_.store(0, std::memory_order_seq_cst); }

    private:
        std::atomic<std::uint32_t>& flag_;
    };
    const NoThefts none(layout_);
    stop_claims();
    // Whoever proposes a theft after this sees that there are none.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::vector<Claim> held = await_claims();
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        mend_theft_word(layout_, worker);
    }
    return held;
}

std::vector<JobHandle> Reconciliation::unresolved() const {
    std::vector<JobHandle> unresolved;
    for (const JobHandle& job : board_.jobs()) {
        if (job != nullptr &&
            std::find(unresolved.begin(), unresolved.end(), job) == unresolved.end()) {
            unresolved.push_back(job);
        }
    }
    return unresolved;
}

/// Closes every page: from here on no claim succeeds.
void Reconciliation::stop_claims() {
    const std::uint64_t secret = layout_.pool().secret;
    for (std::size_t index = 0; index < board_.jobs().size(); ++index) {
        if (board_.jobs()[index] == nullptr) {
            continue;
        }
        const std::uint64_t serial = layout_.job(index).serial.load(std::memory_order_relaxed);
        Word& claim = layout_.words(index).claim;
        ClaimWord seen{claim.load(std::memory_order_acquire)};
        for (;;) {
            const bool valid = seen.valid(secret, serial);
            // Not 0 in any case: it also says that no worker closed the job.
            layout_.job(index).close_word.store(valid ? seen.bits : ~std::uint64_t{0},
                                                std::memory_order_release);
            const std::uint64_t next = valid ? seen.next() : max_items;
            const ClaimWord shut = ClaimWord::make(next, taker::closed, secret, serial);
            if (claim.compare_exchange_strong(seen.bits, shut.bits)) {
                break;
            }
        }
    }
}

/// Waits until every slot says clearly what its worker holds, or the worker is down. No claim
/// succeeds meanwhile, so a worker that holds nothing will hold nothing.
std::vector<Claim> Reconciliation::await_claims() {
    const std::uint64_t since = os::now_ns();
    for (;;) {
        const std::uint64_t downs = layout_.server().downs.load(std::memory_order_acquire);
        bool all = true;
        std::vector<Claim> held;
        for (int worker = 0; worker < layout_.workers(); ++worker) {
            const ServerLine& line = layout_.server_line(worker);
            const std::uint64_t incarnation = line.incarnation.load(std::memory_order_acquire);
            if (line.down.load(std::memory_order_acquire) == incarnation) {
                continue;
            }
            const bool condemned =
                layout_.line(worker).condemn.load(std::memory_order_relaxed) == incarnation;
            const Holding holding = read_holding(layout_, worker);
            if (condemned || !holding.clear) {
                all = false;
                if (!condemned && os::now_ns() - since > longest_doubt) {
                    inbox_.condemn(worker);
                }
            } else if (holding.claim) {
                held.push_back(*holding.claim);
            }
        }
        if (all || server_.says_broken() || server_.has_ended()) {
            inbox_.forget_damage(downs);
            return held;
        }
        const os::FutexWord& state = layout_.server().state_word;
        os::futex_wait(state, state.load(std::memory_order_relaxed), 1 * ms);
    }
}

/// The items of the job that sound workers hold.
IntervalSet Reconciliation::held_of(const Job& job, const std::vector<Claim>& held) const {
    IntervalSet items;
    for (const Claim& claim : held) {
        const bool ours =
            std::any_of(job.postings.begin(), job.postings.end(), [&](const Job::Posting& posting) {
                return posting.page == claim.job &&
                       layout_.job(posting.page).serial.load() == claim.serial;
            });
        if (ours) {
            items.insert(claim.first_item(), claim.end_item());
        }
    }
    return items;
}

/// Posts the items that nobody holds and nobody delivered, guarded, on a new page of the same job.
/// Throws PoolBroken, std::bad_alloc.
void Reconciliation::post_missing(const JobHandle& job, const IntervalSet& held) {
    std::vector<Extent> extents;
    std::uint64_t positions = 0;
    for (const IntervalSet::Interval gap : job->done.missing(0, job->count)) {
        for (const IntervalSet::Interval piece : held.missing(gap.begin, gap.end)) {
            extents.push_back({positions, piece.begin - positions});
            positions += piece.end - piece.begin;
        }
    }
    for (Job::Posting& posting : job->postings) {
        posting.closed = true;
    }
    if (positions == 0 && !job->open) {
        return;  // what is missing is held by sound workers
    }
    if (job->open) {
        extents.push_back({positions, job->count - positions});
    }
    if (!board_.post_again(job, extents, positions)) {
        throw PoolBroken("no job page is left to start it again");
    }
    job->called = Job::Called::everybody;
    calls_.call_workers(layout_.pool().workers, false);
}

/// Nothing of the job is started any more. The items that nobody holds are dropped; the job's pages
/// and memory stay until whoever holds the others has published them.
void Reconciliation::end(Job& job, const IntervalSet& held, const Failure& why) {
    job.ended = true;
    job.open = false;
    for (Job::Posting& posting : job.postings) {
        posting.closed = true;
        layout_.job(posting.page).cancelled.store(1, std::memory_order_release);
    }
    for (const IntervalSet::Interval gap : job.done.missing(0, job.count)) {
        for (const IntervalSet::Interval piece : held.missing(gap.begin, gap.end)) {
            job.drop(piece.begin, piece.end, why);
        }
    }
    board_.finish_if_complete(job);
}

/// The rings of workers that are down are empty: they may be replaced.
void Reconciliation::release_down_workers() {
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        const std::uint64_t down = layout_.server_line(worker).down.load(std::memory_order_acquire);
        if (down != 0) {
            inbox_.mark_emptied(worker, down);
        }
    }
    server_.poke();
    layout_.pool().emptied_rings.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(layout_.pool().emptied_rings, 1 << 30);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
