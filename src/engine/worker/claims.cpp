#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <span>

#include "engine/shared/steps.hpp"
#include "engine/worker/worker.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Taking items, and closing what they are taken of (docs/protocol.md, part 3).
namespace engine {

namespace {

/// Who lost a race for a claim keeps away for so long. The winner has the claim word in its cache
/// meanwhile: taking turns of dozens of claims costs a fraction of handing the word over for each.
constexpr std::uint64_t contention_pause_ns = 2'000;

}  // namespace

/// The first active job from `from` on, or `jobs()`.
std::size_t WorkerLoop::next_active(std::size_t from) const {
    const std::size_t words = layout_.jobs() / 64;
    std::uint64_t mask = ~std::uint64_t{0} << (from % 64);
    for (std::size_t word = from / 64; word < words; ++word, mask = ~std::uint64_t{0}) {
        if (const std::uint64_t bits = pool_.active[word].load(std::memory_order_seq_cst) & mask;
            bits != 0) {
            return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        }
        // Skip the empty words that follow.
        const std::size_t block = (word + 1) / 64;
        if (block >= PoolPage::summary_words) {
            break;
        }
        const std::uint64_t rest = pool_.summary[block].load(std::memory_order_seq_cst) &
                                   ~std::uint64_t{0} << ((word + 1) % 64);
        word = rest == 0 ? block * 64 + 63
                         : block * 64 + static_cast<std::size_t>(std::countr_zero(rest)) - 1;
    }
    return layout_.jobs();
}

/// Looks at every active job once, from the cursor on, and works on the first that gives a claim.
bool WorkerLoop::work_once() {
    const auto try_range = [this](std::size_t from, std::size_t to) {
        for (std::size_t job = next_active(from); job < to; job = next_active(job + 1)) {
            if (claim(job)) {
                cursor_ = (job + 1) % layout_.jobs();
                if (next_active(job + 1) == layout_.jobs() && next_active(0) == job) {
                    sole_job_ = job;
                }
                run();
                return true;
            }
            if (job + 1 == layout_.jobs()) {
                break;
            }
        }
        return false;
    };
    // As long as the doorbell is quiet, a job that was alone still is.
    if (sole_job_ != layout_.jobs() && scanned_doorbell_ == seen_doorbell_) {
        if (claim(sole_job_)) {
            run();
            return true;
        }
    }
    sole_job_ = layout_.jobs();
    scanned_doorbell_ = seen_doorbell_;
    const std::size_t start = cursor_;
    if (try_range(start, layout_.jobs()) || (start != 0 && try_range(0, start))) {
        return true;
    }
    pay_bell();
    last_clock_ = 0;
    return false;
}

WorkerLoop::JobMemory& WorkerLoop::memory_of(std::size_t job, std::uint64_t serial) {
    JobMemory& memory = memory_[job % memory_.size()];
    if (memory.serial != serial) {
        forget(memory);
        memory.serial = serial;
        memory.thunk = here(layout_.job(job).thunk);
        last_clock_ = 0;
    }
    return memory;
}

void WorkerLoop::forget(JobMemory& memory) {
    if (memory.prepared != nullptr && memory.close != nullptr) {
        memory.close(memory.prepared);
    }
    make_read_only(memory);
    memory = JobMemory{};
}

void WorkerLoop::make_read_only(const JobMemory& memory) {
    if (memory.writable == nullptr) {
        return;
    }
    std::byte* const begin = memory.writable;
    std::byte* const end = begin + memory.writable_size;
    os::protect(begin, memory.writable_size, os::Access::read);
    // The block may have been freed and serve another job by now, which has to ask again.
    for (JobMemory& other : memory_) {
        if (other.writable < end && begin < other.writable + other.writable_size) {
            other.writable = nullptr;
        }
    }
}

std::uint64_t WorkerLoop::chunk_length(const JobPage& page, JobMemory& memory,
                                       std::uint64_t remaining) const {
    std::uint64_t length = page.chunksize;
    if (length == 0) {
        // Never so much that the others idle at the end, whatever the items to come cost; but not
        // one by one what has cost next to nothing so far.
        constexpr std::uint64_t trifle = 16;
        const std::uint64_t share =
            pool_.workers == 1 ? remaining : remaining / (2 * pool_.workers);
        length = std::min(memory.chunk,
                          std::max<std::uint64_t>({1, share, std::min(memory.chunk / 4, trifle)}));
    }
    return std::min({length, remaining, tasks_left_});
}

/// Takes the next items of the job, if there are any: `claim_` (docs/protocol.md, part 3).
bool WorkerLoop::claim(std::size_t job) {
    JobPage& page = layout_.job(job);
    Word& word = layout_.words(job).claim;
    if (job != owed_job_) {
        pay_bell();
    }
    const std::uint64_t serial = page.serial.load(std::memory_order_acquire);
    if (serial == 0 || (page.only_worker >= 0 && page.only_worker != worker_)) {
        pay_bell();
        return false;
    }
    for (;;) {
        ClaimWord seen{word.load(std::memory_order_acquire)};
        if (!seen.valid(pool_.secret, serial)) {
            if (page.serial.load(std::memory_order_acquire) == serial) {
                slot_.alarm.fetch_add(1, std::memory_order_relaxed);
                ring(job);
            }
            return false;
        }
        const std::uint64_t limit = page.limit.load(std::memory_order_acquire);
        const std::uint64_t begin = seen.next();
        if (seen.taker() == taker::closed || begin >= limit) {
            pay_bell();
            return false;
        }
        JobMemory& memory = memory_of(job, serial);
        Claim claim{job, serial, begin, begin + chunk_length(page, memory, limit - begin), 0};
        if (page.extents != nullptr) {
            const std::span extents(page.extents, page.extent_count);
            const auto after = std::upper_bound(
                extents.begin(), extents.end(), begin,
                [](std::uint64_t at, const Extent& extent) { return at < extent.position; });
            claim.shift = std::prev(after)->shift;
            claim.end = after == extents.end() ? claim.end : std::min(claim.end, after->position);
        }
        note_taker(seen, serial);
        slot_.write_claim(claim, pool_.secret);
        reach(Step::claim_written, worker_);
        slot_.phase.store(phase::intent, std::memory_order_release);
        reach(Step::claim_intent, worker_);
        const ClaimWord mine =
            ClaimWord::make(claim.end, static_cast<std::uint64_t>(worker_), pool_.secret, serial);
        const bool won =
            word.compare_exchange_strong(seen.bits, mine.bits, std::memory_order_seq_cst);
        if (won) {
            reach(Step::claim_swapped, worker_);
            slot_.phase.store(phase::taken, std::memory_order_release);
            reach(Step::claim_taken, worker_);
            claim_ = claim;
            return true;
        }
        slot_.phase.store(phase::idle, std::memory_order_release);
        reach(Step::claim_idle, worker_);
        wait::pass(contention_pause_ns);
    }
}

/// Evidence for whoever took the claim before the one that this worker is about to make
/// (docs/protocol.md, part 3).
void WorkerLoop::note_taker(ClaimWord seen, std::uint64_t serial) {
    const std::uint64_t taker = seen.taker();
    if (taker >= pool_.workers || taker == static_cast<std::uint64_t>(worker_)) {
        return;
    }
    Word& evidence = slot_.evidence[taker];
    const std::uint64_t fresh = evidence_of(serial, seen.next());
    const std::uint64_t old = evidence.load(std::memory_order_relaxed);
    if (old != 0 && (old ^ fresh) > max_items) {
        // About another job. If the taker is in doubt about that claim, its fate hangs on this
        // word; the claim seen now is then an older one and was settled long ago.
        const Slot& other = layout_.slot(static_cast<int>(taker));
        const bool in_doubt = other.phase.load(std::memory_order_acquire) == phase::intent;
        if (in_doubt && evidence_of(other.serial.load(std::memory_order_acquire),
                                    other.end.load(std::memory_order_acquire)) == old) {
            return;
        }
    }
    evidence.store(fresh, std::memory_order_release);
    reach(Step::claim_evidence, worker_);
}

/// Closes the job of the running claim (docs/protocol.md, part 4): evidence for the last taker
/// first.
void WorkerLoop::stop() {
    Word& word = layout_.words(claim_.job).claim;
    ClaimWord seen{word.load(std::memory_order_acquire)};
    while (seen.valid(pool_.secret, claim_.serial) && seen.taker() != taker::closed) {
        note_taker(seen, claim_.serial);
        const ClaimWord shut =
            ClaimWord::make(seen.next(), taker::closed, pool_.secret, claim_.serial);
        if (word.compare_exchange_strong(seen.bits, shut.bits, std::memory_order_seq_cst)) {
            return;
        }
    }
}

bool WorkerLoop::handed_out(std::size_t job) const {
    const ClaimWord word{layout_.words(job).claim.load(std::memory_order_seq_cst)};
    return word.taker() == taker::closed ||
           word.next() >= layout_.job(job).limit.load(std::memory_order_acquire);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
