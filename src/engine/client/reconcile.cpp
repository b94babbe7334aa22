#include <algorithm>
#include <optional>

#include "engine/client/client.hpp"
#include "engine/shared/times.hpp"
#include "engine/shared/words.hpp"
#include "os/clock.hpp"
#include "os/polling.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// After a task wrote where it should not: docs/protocol.md, part 7.
namespace engine {

namespace {

/// A slot that stays in doubt or without sense for this long is ended by killing its worker.
constexpr std::uint64_t patience = 200 * ms;

/// What a slot says its worker holds; nothing if that cannot be told (it is just claiming, or the
/// slot makes no sense).
struct Holding {
    bool clear = false;
    std::optional<Claim> claim;
};
Holding read_holding(const Layout& layout, const Slot& slot) {
    const std::uint64_t phase = slot.phase.load(std::memory_order_acquire);
    if (phase == phase::idle) {
        return {.clear = true, .claim = std::nullopt};
    }
    // The worker may go on while this reads: only a copy that is whole and still current counts.
    const Claim claim = slot.claim();
    const bool whole =
        slot.claim_check.load(std::memory_order_acquire) == claim.check(layout.pool().secret);
    if ((phase != phase::taken && phase != phase::retired) || !whole ||
        slot.phase.load(std::memory_order_acquire) != phase) {
        return {};
    }
    return {.clear = true, .claim = claim};
}

}  // namespace

void Client::reconcile() {
    struct Busy {
        bool& flag;
        explicit Busy(bool& busy) : flag(busy) { flag = true; }
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;
        ~Busy() { flag = false; }
    } const busy(reconciling_);
    reconcile_needed_ = false;
    std::vector<JobHandle> unresolved;
    for (std::size_t index = 0; index < jobs_.size(); ++index) {
        if (jobs_[index] == nullptr) {
            continue;
        }
        if (std::find(unresolved.begin(), unresolved.end(), jobs_[index]) == unresolved.end()) {
            unresolved.push_back(jobs_[index]);
        }
        // From here no claim of this page succeeds any more.
        const std::uint64_t serial = layout_.job(index).serial.load(std::memory_order_relaxed);
        Word& claim = layout_.words(index).claim;
        ClaimWord seen{claim.load(std::memory_order_acquire)};
        for (;;) {
            const bool valid = seen.valid(layout_.pool().secret, serial);
            if (valid) {
                layout_.job(index).close_word.store(seen.bits, std::memory_order_release);
            }
            const std::uint64_t next = valid ? seen.next() : max_items;
            if (claim.compare_exchange_strong(
                    seen.bits,
                    ClaimWord::make(next, taker::closed, layout_.pool().secret, serial).bits)) {
                break;
            }
        }
    }
    const std::vector<Claim> held = await_claims();
    drain();
    for (const JobHandle& job : unresolved) {
        try {
            if (!job->resolved) {
                repost_missing(job, held);
            }
        } catch (const std::bad_alloc&) {
            give_up(*job, "no memory is left to start it again");
        }
    }
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        const std::uint64_t down = layout_.server_line(worker).down.load(std::memory_order_acquire);
        if (down != 0) {
            readers_[static_cast<std::size_t>(worker)].alarm = 0;
            layout_.line(worker).head.store(readers_[static_cast<std::size_t>(worker)].head,
                                            std::memory_order_release);
            layout_.line(worker).emptied.store(down, std::memory_order_release);
        }
    }
    os::poke(commands_);
    layout_.pool().drained.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(layout_.pool().drained, 1 << 30);
}

/// What the workers hold, once every slot says so clearly or its worker is down. No claim succeeds
/// meanwhile, so a worker that holds nothing will hold nothing.
std::vector<Claim> Client::await_claims() {
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
            const Holding holding = read_holding(layout_, layout_.slot(worker));
            if (condemned || !holding.clear) {
                all = false;
                if (!condemned && os::now_ns() - since > patience) {
                    condemn(worker);
                }
            } else if (holding.claim) {
                held.push_back(*holding.claim);
            }
        }
        if (all || os::has_ended(server_)) {
            reconcile_needed_ = false;
            downs_seen_ = downs;
            return held;
        }
        const os::FutexWord& state = layout_.server().state_word;
        os::futex_wait(state, state.load(std::memory_order_relaxed), 1 * ms);
    }
}

void Client::give_up(Job& job, const char* why) {
    job.open = false;
    drop(job, 0, job.count, Failure{.kind = Failure::Kind::broken, .message = why});
    retire(job);
}

/// Starts what nobody holds and nobody delivered again, guarded, as a new page of the same job; of
/// one that was cancelled it is dropped.
void Client::repost_missing(const JobHandle& job, const std::vector<Claim>& held) {
    IntervalSet spoken_for;
    for (const Claim& claim : held) {
        const bool ours = std::any_of(
            job->postings.begin(), job->postings.end(), [&](const Job::Posting& posting) {
                return posting.page == claim.job &&
                       layout_.job(posting.page).serial.load() == claim.serial;
            });
        if (ours) {
            spoken_for.insert(claim.first_item(), claim.end_item());
        }
    }
    std::vector<Extent> extents;
    std::uint64_t positions = 0;
    for (const IntervalSet::Interval gap : job->done.missing(0, job->count)) {
        for (const IntervalSet::Interval piece : spoken_for.missing(gap.begin, gap.end)) {
            if (job->ended) {
                drop(*job, piece.begin, piece.end, Failure{.kind = Failure::Kind::cancelled});
                continue;
            }
            extents.push_back({positions, piece.begin - positions});
            positions += piece.end - piece.begin;
        }
    }
    for (Job::Posting& posting : job->postings) {
        posting.closed = true;
    }
    if (job->ended) {
        settle(*job);
        return;
    }
    if (positions == 0 && !job->open) {
        return;  // what is missing is held by sound workers
    }
    if (job->open) {
        extents.push_back({positions, job->count - positions});
    }
    const std::size_t from = job->postings.back().page;
    std::size_t index = 0;
    while (index < jobs_.size() && jobs_[index] != nullptr) {
        ++index;
    }
    if (index == layout_.jobs()) {
        give_up(*job, "no job page is left to start it again");
        return;
    }
    const JobPage& old = layout_.job(from);
    JobPage& page = layout_.job(index);
    page.thunk = old.thunk;
    page.prepare = old.prepare;
    page.closure = old.closure;  // lies on the first page of the job or in a block, both of which
                                 // stay until it is resolved
    page.closure_size = old.closure_size;
    page.input = old.input;
    page.input_mask = old.input_mask;
    page.result_stride = old.result_stride;
    page.in_place = old.in_place;
    page.in_place_size = old.in_place_size;
    page.chunksize = old.chunksize;
    page.timeout_ns = old.timeout_ns;
    page.retries = old.retries;
    page.eager = old.eager;
    page.fail_fast = old.fail_fast;
    page.only_worker = old.only_worker;
    page.guarded = true;
    Block block(extents.size() * sizeof(Extent));
    std::copy(extents.begin(), extents.end(), reinterpret_cast<Extent*>(block.data()));
    page.extents = reinterpret_cast<const Extent*>(block.data());
    page.extent_count = extents.size();
    job->more_blocks.push_back(std::move(block));
    job->postings.push_back({.base_positions = positions, .base_count = job->count});
    post(job, index, positions);
    // Threads that wait for the job listen to its old bell.
    ring(from);
    job->escalated = true;
    call_workers(layout_.pool().workers, false);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
