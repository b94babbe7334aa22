#include "engine/worker.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include <unistd.h>

#include <procpool/detail/failure.hpp>

#include "engine/in_caller.hpp"
#include "engine/steps.hpp"
#include "memory/process_mark.hpp"
#include "memory/region.hpp"
#include "os/clock.hpp"
#include "os/crash.hpp"
#include "os/process.hpp"
#include "os/throw_watch.hpp"
#include "ship/output.hpp"
#include "ship/stack.hpp"
#include "wait/spin.hpp"

namespace procpool::detail {

using namespace engine;

namespace {

/// A grab of adaptive length should cost about this much work: claiming costs a hundredth of it.
constexpr std::uint64_t chunk_target_ns = 8'000;
/// A client that waits for a whole job is called when this much lies in a ring.
constexpr std::uint64_t backlog_to_ring = std::uint64_t{256} << 10U;
/// Who lost a race for a claim keeps away for so long. The winner has the claim word in its cache
/// meanwhile: taking turns of dozens of claims costs a fraction of handing the word over for each.
constexpr std::uint64_t contention_pause_ns = 2'000;
/// Room reserved for variable-sized results at a time.
constexpr std::uint64_t variable_frame = std::uint64_t{32} << 10U;

/// Thrown through a thunk by an item that is not to start, as its job is cancelled.
struct Cancelled {};

/// A function of the client's in this process.
template <class Function>
Function* here(Function* function) {
    return std::bit_cast<Function*>(relocated(std::bit_cast<std::uintptr_t>(function)));
}

WorkerLoop* this_worker = nullptr;
const Word* this_current = nullptr;
int this_number = -1;

/// exit() in a task ends the worker, not the program: no static destructor and no atexit handler of
/// the program runs.
void leave_at_exit(int status, void* /*unused*/) {
    ship::flush_output();
    os::end_process(status);
}
/// glibc passes the status to these handlers as it does to those of on_exit, though their type does
/// not say so.
void leave_at_quick_exit(void* /*unused*/, int status) { os::end_process(status); }

}  // namespace

CurrentTask current_task() noexcept {
    if (this_current == nullptr) {
        return task_in_caller();
    }
    return {item_of(this_current->load(std::memory_order_relaxed)), this_number};
}

std::uint64_t own_process() { return memory::process_mark(); }

void WorkerLoop::live(const Layout& layout, int worker, pid_t server) {
    os::lead_own_group();
    os::ignore_terminal_stops();  // that group is no wish of the program's
    os::die_with_parent();
    if (os::parent_pid() != server) {
        os::end_process(0);  // the fork server died before it could be watched
    }
    os::adopt_orphans();
    memory::worker_mark().store(1, std::memory_order_relaxed);
    ::on_exit(leave_at_exit, nullptr);
    ::at_quick_exit(reinterpret_cast<void (*)()>(leave_at_quick_exit));
    WorkerLoop loop(layout, worker);
    this_worker = &loop;
    this_current = &loop.slot_.current;
    this_number = worker;
    os::protect(layout.region_base(), layout.region_size(), os::Access::read);
    loop.set_guard(false);
    if (const int cpu = layout.line(worker).cpu; cpu >= 0) {
        os::run_on(cpu);
    }
    if (layout.pool().memory_limit != 0) {
        os::limit_growth(layout.pool().memory_limit);
    }
    os::report_crashes_to(layout.last_words(worker), layout.last_words_key(os::own_pid()));
    os::unblock_all_signals();
    reach(Step::worker_starts, worker);
    if (layout.pool().initialize != nullptr) {
        loop.initialize();
    }
    loop.slot_.ready.store(layout.server_line(worker).incarnation.load(std::memory_order_relaxed),
                           std::memory_order_release);
    loop.loop();
}

WorkerLoop::WorkerLoop(const Layout& layout, int worker)
    : layout_(layout),
      worker_(worker),
      pool_(layout.pool()),
      slot_(layout.slot(worker)),
      ring_(layout, worker),
      genuine_(&memory::worker_mark()),
      sole_job_(layout.jobs()),
      owed_job_(layout.jobs()),
      tasks_left_(pool_.max_tasks == 0 ? max_items : pool_.max_tasks) {}

/// Of the shared pages this process may write its own and the common ones, and none at all while a
/// guarded item runs.
void WorkerLoop::set_guard(bool guarded) const {
    const auto access = guarded ? os::Access::read : os::Access::read_write;
    const bool done =
        os::protect(layout_.region_base(), os::page_size, access) &&
        os::protect(reinterpret_cast<std::byte*>(&layout_.words(0)), layout_.words_size(),
                    access) &&
        os::protect(reinterpret_cast<std::byte*>(&slot_), layout_.worker_size(), access);
    if (!done) {
        os::end_process(EXIT_FAILURE);  // without these rights nothing can be said; the fork server
                                        // sees a death
    }
}

/// The program's preparation of this worker. Failing in it breaks the pool; dying does too, which
/// the fork server sees by `initializing`.
void WorkerLoop::initialize() {
    slot_.initializing.store(
        layout_.server_line(worker_).incarnation.load(std::memory_order_relaxed),
        std::memory_order_release);
    try {
        here(pool_.initialize)({pool_.initializer, pool_.initializer_size});
    } catch (...) {
        const std::vector<std::byte> failure = encode_current_exception(0, os::own_pid());
        const auto size =
            static_cast<std::uint32_t>(std::min(failure.size(), ring_.largest_payload()));
        ring_.reserve(size, [this] { call_clients(); });
        ring_.open(0);
        std::memcpy(ring_.payload(), failure.data(), size);
        ring_.seal({.kind = FrameKind::initializer, .bytes = size});
        ring_.publish();
        os::end_process(EXIT_FAILURE);
    }
    if (memory::worker_mark().load(std::memory_order_relaxed) == 0) {
        os::end_process(0);  // a copy of the worker that the initializer forked off
    }
    ship::flush_output();
    slot_.initializing.store(0, std::memory_order_release);
}

void WorkerLoop::loop() {
    if (slot_.phase.load(std::memory_order_acquire) == phase::taken) {
        // What a predecessor left of its claim, found by the fork server.
        claim_ = slot_.claim();
        run();
    }
    for (;;) {
        seen_doorbell_ = pool_.doorbell.load(std::memory_order_seq_cst);
        if (!work_once()) {
            idle();
        }
    }
}

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
        if (seen.taker() == closed || begin >= limit) {
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

/// docs/protocol.md, part 4.
void WorkerLoop::run() {
    const Claim& claim = claim_;
    page_ = &layout_.job(claim.job);
    JobMemory& memory = memory_of(claim.job, claim.serial);
    const bool adaptive = page_->chunksize == 0;
    const std::uint64_t before = adaptive && last_clock_ == 0 ? os::now_ns() : last_clock_;

    Run run;
    run.next = claim.first_item();
    run.closure = page_->closure;
    run.closure_size = page_->closure_size;
    run.input = page_->input;
    run.input_mask = page_->input_mask;
    run.region = layout_.region_base();
    run.current_ = &slot_.current;
    run.genuine_ = genuine_;
    run.stride_ = page_->result_stride;
    run.cancelled_ = &page_->cancelled;
    run.timed_ = page_->timeout_ns != 0 || page_->guarded;
    run.host_ = this;
    if (page_->in_place != nullptr && memory.writable == nullptr && page_->in_place_size != 0) {
        os::protect(page_->in_place, page_->in_place_size, os::Access::read_write);
        memory.writable = page_->in_place;
        memory.writable_size = page_->in_place_size;
    }
    // A claim inherited from a predecessor may be longer than what this worker has left to live.
    const std::uint64_t end = claim.first_item() + std::min(claim.end - claim.begin, tasks_left_);
    end_ = end;
    while (run.next < end) {
        run.last = end;
        open_frame(run);
        call_thunk(run, memory);
        slot_.current.store(resting_at(run.next), std::memory_order_release);
        reach(Step::item_written, worker_);
        // The next thing after this frame is a claim: its word comes over while the frame is
        // written.
        wait::fetch_for_writing(&layout_.words(claim.job).claim);
        close_frame(run);
    }
    if (pool_.max_tasks != 0) {
        tasks_left_ -= end - claim.first_item();
        if (tasks_left_ == 0) {
            pay_bell();
            slot_.phase.store(phase::retired, std::memory_order_release);
            os::end_process(0);
        }
    }
    slot_.phase.store(phase::idle, std::memory_order_release);
    reach(Step::claim_released, worker_);
    if (adaptive) {
        const std::uint64_t after = os::now_ns();
        const std::uint64_t spent = after - before;
        const std::uint64_t length = claim.end - claim.begin;
        if (spent < chunk_target_ns / 2) {
            memory.chunk = std::max(memory.chunk, length * (spent < chunk_target_ns / 8 ? 4 : 2));
        } else if (spent > chunk_target_ns * 2) {
            memory.chunk = std::max<std::uint64_t>(1, length * chunk_target_ns / spent);
        }
        last_clock_ = after;
    }
    if (memory.writable != nullptr && handed_out(claim.job)) {
        make_read_only(memory);
    }
    page_ = nullptr;
}

/// Runs what the open frame has room for. An exception costs the item that threw it.
void WorkerLoop::call_thunk(Run& run, JobMemory& memory) {
    if (page_->prepare.open != nullptr && memory.prepared == nullptr) {
        try {
            memory.prepared = here(page_->prepare.open)({page_->closure, page_->closure_size});
            memory.close = here(page_->prepare.close);
        } catch (...) {
            // The callable could not be decoded, so no item can run.
            while (run.next < run.last) {
                run.fail(run.next++);
            }
            return;
        }
    }
    run.prepared = memory.prepared;
    struct Call {
        Thunk thunk;
        Run& run;
    };
    Call call{memory.thunk, run};
    while (run.next < run.last) {
        try {
            os::call_watching_throws(
                [](void* argument) {
                    auto& [thunk, to] = *static_cast<Call*>(argument);
                    thunk(to);
                },
                &call, thrown_at_);
            return;
        } catch (...) {
            run.fail(run.next++);
        }
    }
}

/// Opens a frame for results from `run.next` on and says how far it may run.
void WorkerLoop::open_frame(Run& run) {
    if (page_->sized_results()) {
        open_sized_frame(run.next, 0);
    } else {
        frame_first_ = run.next;
        std::uint64_t payload = 0;
        if (page_->in_place == nullptr) {
            const std::uint64_t fits =
                std::max<std::uint64_t>(1, ring_.largest_payload() / page_->result_stride);
            run.last = std::min(run.last, run.next + fits);
            payload = (run.last - run.next) * page_->result_stride;
        }
        ring_.reserve(payload, [this] { call_clients(); });
        ring_.open(run.next);
        run.output_ = page_->in_place != nullptr
                          ? page_->in_place
                          : ring_.payload() - run.next * page_->result_stride;
    }
    run.last = std::min(run.last, run.next + 0x7fff'ffffU);  // a header counts items in 32 bits
}

/// Opens a frame for variable-sized results from `item` on, with room for one of `entry` bytes.
void WorkerLoop::open_sized_frame(std::uint64_t item, std::uint64_t entry) {
    frame_first_ = item;
    frame_used_ = 0;
    frame_capacity_ = std::max(entry, variable_frame);
    slot_.frame_used.store(0, std::memory_order_relaxed);
    ring_.reserve(frame_capacity_, [this] { call_clients(); });
    ring_.open(item);
}

/// Publishes the open frame with everything before `run.next`, if that is anything.
void WorkerLoop::close_frame(const Run& run) {
    const std::uint64_t count = run.next - frame_first_;
    if (count == 0) {
        return;
    }
    if (slot_.phase.load(std::memory_order_relaxed) != phase::taken || !ring_.untouched()) {
        // A task wrote over the slot or the ring, so it may have written over the results that are
        // there: nothing of them is published, and the fork server finds things as they are.
        os::end_process(EXIT_FAILURE);
    }
    FrameHeader header;
    header.kind = page_->sized_results() ? FrameKind::sized : FrameKind::results;
    header.job = static_cast<std::uint16_t>(claim_.job);
    header.serial = claim_.serial;
    header.first = frame_first_;
    header.count = static_cast<std::uint32_t>(count);
    if (page_->sized_results()) {
        header.bytes = static_cast<std::uint32_t>(frame_used_);
    } else if (page_->in_place == nullptr) {
        header.bytes = static_cast<std::uint32_t>(count * page_->result_stride);
    }
    ring_.seal(header);
    reach(Step::header_written, worker_);
    ship::flush_output();
    ring_.publish();
    reach(Step::frame_published, worker_);
    published();
}

/// After a publication. The bell is owed: it is rung when the job turns out to be handed out, which
/// the next claim of it finds anyway. At once only if the client wants every item, or the ring
/// fills.
void WorkerLoop::published() {
    const std::uint64_t backlog = ring_.backlog();
    if (backlog < rung_at_) {
        rung_at_ = 0;
    }
    const bool filling = backlog >= rung_at_ + backlog_to_ring;
    owed_job_ = claim_.job;
    if (page_->eager || filling) {
        rung_at_ = filling ? backlog : rung_at_;
        ring(claim_.job);
    }
}

bool WorkerLoop::handed_out(std::size_t job) const {
    const ClaimWord word{layout_.words(job).claim.load(std::memory_order_seq_cst)};
    return word.taker() == closed ||
           word.next() >= layout_.job(job).limit.load(std::memory_order_acquire);
}

/// Rings the bell that is owed, if no other worker will have to: whoever publishes after the last
/// claim rings.
void WorkerLoop::pay_bell() {
    if (owed_job_ == layout_.jobs()) {
        return;
    }
    const std::size_t job = std::exchange(owed_job_, layout_.jobs());
    std::atomic_thread_fence(
        std::memory_order_seq_cst);  // the publication is seen before the claim word is read
    if (handed_out(job)) {
        ring(job);
    }
}

void WorkerLoop::ring(std::size_t job) {
    os::FutexWord& bell = layout_.words(job).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    if (layout_.job(job).waiters.load(std::memory_order_seq_cst) != 0) {
        os::futex_wake(bell, 1 << 30);
        woke_client_ = true;
    }
    if (std::exchange(just_woken_, false) &&
        pool_.caller_cpu.load(std::memory_order_relaxed) == os::own_cpu()) {
        os::yield();  // the client waits for this CPU
    }
    reach(Step::bell_rung, worker_);
}

/// The ring is full: calls every waiting client thread, since any of them can empty it.
void WorkerLoop::call_clients() {
    for (std::size_t job = next_active(0); job < layout_.jobs(); job = next_active(job + 1)) {
        ring(job);
    }
}

void WorkerLoop::begin_checked(std::uint64_t item) {
    if (page_->cancelled.load(std::memory_order_relaxed) != 0) {
        throw Cancelled();
    }
    // First: whoever is condemned from here on is known to be this item, not the one before.
    slot_.current.store(running(item), std::memory_order_release);
    if (page_->timeout_ns != 0) {
        slot_.started.store(os::now_ns(), std::memory_order_relaxed);
        timed_item_ = count_of(slot_.verdict.load(std::memory_order_relaxed)) + 1;
        slot_.verdict.store(verdict(timed_item_, Verdict::running), std::memory_order_release);
    }
    if (page_->guarded) {
        set_guard(true);
    }
}

void WorkerLoop::end_checked() {
    if (memory::worker_mark().load(std::memory_order_relaxed) == 0) {
        os::end_process(0);  // a copy of the worker that the task forked off: it has no say
    }
    if (page_->guarded) {
        set_guard(false);
    }
    if (page_->timeout_ns != 0) {
        std::uint64_t expected = verdict(timed_item_, Verdict::running);
        if (!slot_.verdict.compare_exchange_strong(expected,
                                                   verdict(timed_item_, Verdict::finished)) &&
            state_of(expected) == Verdict::condemned) {
            for (;;) {
                ::pause();  // too late: the fork server is about to kill this process
            }
        }
    }
}

void WorkerLoop::emit(Run& run, std::span<const std::byte> bytes) {
    const std::uint64_t need = entry_size(bytes.size());
    if (frame_used_ + need > frame_capacity_) {
        close_frame(run);
        if (need > ring_.largest_payload()) {
            emit_parts(run.next, bytes);
            return;
        }
        open_sized_frame(run.next, need);
    }
    const Entry entry{static_cast<std::uint32_t>(bytes.size()),
                      static_cast<std::uint32_t>(run.next - frame_first_)};
    std::byte* place = ring_.payload() + frame_used_;
    std::memcpy(place, &entry, sizeof entry);
    if (!bytes.empty()) {
        std::memcpy(place + sizeof entry, bytes.data(), bytes.size());
    }
    frame_used_ += need;
    slot_.frame_used.store(frame_used_, std::memory_order_release);
}

/// A result too large for one frame: pieces, of which the last publishes the item.
void WorkerLoop::emit_parts(std::uint64_t item, std::span<const std::byte> bytes) {
    const std::uint64_t piece = ring_.largest_payload() - sizeof(PartHeader);
    PartHeader part{0, bytes.size()};
    while (bytes.size() - part.offset > piece) {
        ring_.reserve(piece + sizeof part, [this] { call_clients(); });
        ring_.open(item);
        std::memcpy(ring_.payload(), &part, sizeof part);
        std::memcpy(ring_.payload() + sizeof part, bytes.data() + part.offset, piece);
        FrameHeader header{.kind = FrameKind::part,
                           .job = static_cast<std::uint16_t>(claim_.job),
                           .serial = claim_.serial,
                           .first = item,
                           .count = 0,
                           .bytes = static_cast<std::uint32_t>(piece + sizeof part)};
        ring_.seal(header);
        ring_.publish();
        reach(Step::part_published, worker_);
        published();
        part.offset += piece;
    }
    publish_alone({.kind = FrameKind::part, .first = item, .count = 1}, bytes.subspan(part.offset),
                  &part);
    // The thunk goes on with item + 1 in a frame of its own; nothing is in it yet.
    open_sized_frame(item + 1, 0);
}

/// docs/protocol.md, part 4, "items in a frame of their own". What came before them is published
/// already.
void WorkerLoop::publish_alone(FrameHeader header, std::span<const std::byte> bytes,
                               const PartHeader* part) {
    const std::uint64_t prefix = part != nullptr ? sizeof *part : 0;
    header.job = static_cast<std::uint16_t>(claim_.job);
    header.serial = claim_.serial;
    header.bytes = static_cast<std::uint32_t>(prefix + bytes.size());
    ring_.reserve(header.bytes, [this] { call_clients(); });
    ring_.open(header.first);
    if (part != nullptr) {
        std::memcpy(ring_.payload(), part, sizeof *part);
    }
    if (!bytes.empty()) {
        std::memcpy(ring_.payload() + prefix, bytes.data(), bytes.size());
    }
    ring_.seal(header);
    reach(Step::single_written, worker_);
    const std::uint64_t end = header.first + header.count;
    slot_.frame_first.store(end, std::memory_order_release);
    reach(Step::single_marked, worker_);
    ship::flush_output();
    ring_.publish();
    reach(Step::single_published, worker_);
    slot_.current.store(resting_at(end), std::memory_order_release);
    published();
}

std::string WorkerLoop::thrown_stack() const noexcept {
    try {
        return ship::written(thrown_at_);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

void WorkerLoop::fail(Run& run, std::uint64_t item) {
    std::vector<std::byte> failure;
    bool cancelled = false;
    try {
        throw;
    } catch (const Cancelled&) {
        cancelled = true;
    } catch (...) {
        failure = encode_current_exception(item, os::own_pid(), thrown_stack());
    }
    thrown_at_.clear();
    if (!cancelled) {
        if (slot_.current.load(std::memory_order_relaxed) != running(item)) {
            slot_.current.store(running(item),
                                std::memory_order_release);  // thrown before it began
        }
        end_checked();
        if (page_->fail_fast) {
            stop();
        }
    }
    const std::uint64_t next = run.next;
    run.next = item;
    if (cancelled) {
        slot_.current.store(resting_at(item), std::memory_order_release);
    }
    close_frame(run);
    run.next = next;
    if (!cancelled) {
        publish_alone({.kind = FrameKind::failure, .first = item, .count = 1},
                      std::span(failure).first(
                          std::min<std::size_t>(failure.size(), ring_.largest_payload())));
        ++item;
    }
    if ((cancelled || page_->fail_fast) && item < end_) {
        while (item < end_) {
            const auto count = static_cast<std::uint32_t>(
                std::min<std::uint64_t>(end_ - item, std::numeric_limits<std::int32_t>::max()));
            publish_alone({.kind = FrameKind::skipped, .first = item, .count = count}, {});
            item += count;
        }
        run.next = end_;
        run.last = end_;
    }
    if (run.next < run.last) {
        open_frame(run);
    } else {
        frame_first_ = run.next;
    }
}

/// Closes the job of the running claim (docs/protocol.md, part 4): evidence for the last taker
/// first.
void WorkerLoop::stop() {
    Word& word = layout_.words(claim_.job).claim;
    ClaimWord seen{word.load(std::memory_order_acquire)};
    while (seen.valid(pool_.secret, claim_.serial) && seen.taker() != closed) {
        note_taker(seen, claim_.serial);
        const ClaimWord shut = ClaimWord::make(seen.next(), closed, pool_.secret, claim_.serial);
        if (word.compare_exchange_strong(seen.bits, shut.bits, std::memory_order_seq_cst)) {
            return;
        }
    }
}

/// Nothing to do: spin for a while if there is a token, then park (docs/protocol.md, part 6).
void WorkerLoop::idle() {
    for (JobMemory& memory : memory_) {
        if (memory.serial != 0 && (memory.prepared != nullptr || memory.writable != nullptr)) {
            forget(memory);
        }
    }
    auto& tokens = *reinterpret_cast<Tokens*>(layout_.region_base());
    const std::uint64_t mine = pool_.pool << 16U | static_cast<std::uint64_t>(worker_ + 1);
    for (std::size_t i = 0; i < pool_.tokens; ++i) {
        std::uint64_t free = 0;
        if (tokens.holder[i].load(std::memory_order_relaxed) != 0 ||
            !tokens.holder[i].compare_exchange_strong(free, mine)) {
            continue;
        }
        reach(Step::token_taken, worker_);
        // A client that was just woken needs its time to come back with the next call.
        const std::uint64_t until = os::now_ns() + (woke_client_ ? 4 : 1) * pool_.spin_ns;
        woke_client_ = false;
        part_from_caller();
        wait::spin_until(until, [this] {
            return pool_.doorbell.load(std::memory_order_seq_cst) != seen_doorbell_;
        });
        tokens.holder[i].exchange(0, std::memory_order_seq_cst);
        reach(Step::token_returned, worker_);
        const std::uint32_t rung = pool_.doorbell.load(std::memory_order_seq_cst);
        if (rung != seen_doorbell_) {
            if (rung - seen_doorbell_ > 1) {
                // Several jobs came while the token kept their clients from waking anyone, and one
                // worker takes one.
                os::futex_wake(pool_.doorbell, static_cast<int>(std::min<std::uint32_t>(
                                                   rung - seen_doorbell_ - 1, 1000)));
            }
            return;
        }
        break;
    }
    ship::flush_output();
    while (const pid_t orphan = os::next_ended_child()) {
        os::reap(orphan);
    }
    reach(Step::parking, worker_);
    os::futex_wait(pool_.doorbell, seen_doorbell_, os::no_timeout);
    just_woken_ = true;
}

/// A client and its worker that share a CPU take turns instead of working side by side, until the
/// scheduler notices. After a few calls of that kind the worker goes elsewhere.
void WorkerLoop::part_from_caller() {
    constexpr int patience = 4;
    const int caller = pool_.caller_cpu.load(std::memory_order_relaxed);
    if (caller == -1 || caller != os::own_cpu()) {
        calls_on_shared_cpu_ = 0;
    } else if (++calls_on_shared_cpu_ > patience) {
        calls_on_shared_cpu_ = 0;
        os::leave_cpu(caller);
    }
}

}  // namespace procpool::detail
