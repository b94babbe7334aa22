#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/shared/interface.hpp"
#include "engine/shared/steps.hpp"
#include "engine/worker/worker.hpp"
#include "os/clock.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "trace/stack.hpp"
#include "trace/throw_watch.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Running what was taken (docs/protocol.md, part 4).
namespace engine {

namespace {

/// A grab of adaptive length should cost about this much work: claiming costs a hundredth of it.
constexpr std::uint64_t chunk_target_ns = 8'000;

constexpr const char* beyond_memory_limit =
    " (its worker met PoolOptions::memory_limit and is replaced)";

/// Thrown through a thunk by an item that is not to start, as its job is cancelled.
struct Cancelled {};

}  // namespace

/// docs/protocol.md, part 4.
void WorkerLoop::run() {
    const Claim& claim = claim_;
    page_ = &layout_.job(claim.job);
    JobMemory& memory = memory_of(claim.job, claim.serial);
    const bool adaptive = page_->chunksize == 0;
    const std::uint64_t before = adaptive && last_clock_ == 0 ? os::now_ns() : last_clock_;

    if (run_serial_ != claim.serial) {
        run_serial_ = claim.serial;
        run_ = make_run();
        ring_.set_awaited(page_->waited || page_->eager);
    }
    Run& run = run_;
    run.next = claim.first_item();
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
            retire();
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

/// Between two items: makes room for a replacement, which goes on with what is left of the claim.
void WorkerLoop::retire() {
    pay_bell();
    slot_.phase.store(phase::retired, std::memory_order_release);
    os::end_process(0);
}

/// What is the same for every claim of the job.
Run WorkerLoop::make_run() {
    Run run;
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
    return run;
}

/// What the job needs in this worker: the callable as it is called, and the right to write its
/// results.
void WorkerLoop::make_ready(JobMemory& memory) const {
    if (page_->in_place != nullptr && memory.writable == nullptr && page_->in_place_size != 0) {
        if (!os::protect(page_->in_place, page_->in_place_size, os::Access::read_write)) {
            throw std::system_error(
                errno, std::generic_category(),
                "procpool: this worker is not allowed to write results in place (see the number of "
                "mappings a process may have, sysctl vm.max_map_count)");
        }
        memory.writable = page_->in_place;
        memory.writable_size = page_->in_place_size;
    }
    if (page_->prepare.open != nullptr && memory.prepared == nullptr) {
        memory.prepared = here(page_->prepare.open)({page_->closure, page_->closure_size});
        memory.close = here(page_->prepare.close);
    }
}

/// Runs what the open frame has room for. An exception costs the item that threw it.
void WorkerLoop::call_thunk(Run& run, JobMemory& memory) {
    try {
        make_ready(memory);
    } catch (...) {
        // No item can run, nor in a replacement.
        preparing_ = true;
        while (run.next < run.last) {
            run.fail(run.next++);
        }
        preparing_ = false;
        return;
    }
    run.prepared = memory.prepared;
    struct Call {
        Thunk thunk;
        Run& run;
    };
    Call call{memory.thunk, run};
    while (run.next < run.last) {
        try {
            trace::call_watching_throws(
                [](void* argument) {
                    auto& [thunk, to] = *static_cast<Call*>(argument);
                    thunk(to);
                },
                &call, thrown_at_);
            return;
        } catch (...) {
            end_if_its_thread_ends();
            run.fail(run.next++);
        }
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
    if (os::worker_mark().load(std::memory_order_relaxed) == 0) {
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
            os::wait_to_be_killed();  // too late: the fork server is about to do it
        }
    }
}

std::string WorkerLoop::thrown_stack() const noexcept {
    try {
        return trace::written(thrown_at_);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

/// Is there less memory for tasks than there was? Not what was too large for any worker, nor what
/// came from a pool of the task's.
bool WorkerLoop::met_memory_limit(const std::bad_alloc& exception) const {
    return pool_.memory_limit != 0 && !preparing_ &&
           dynamic_cast<const std::bad_array_new_length*>(&exception) == nullptr &&
           dynamic_cast<const TaskFailure*>(&exception) == nullptr;
}

void WorkerLoop::fail(Run& run, std::uint64_t item) {
    std::vector<std::byte> failure;
    bool cancelled = false;
    bool out_of_memory = false;
    try {
        throw;
    } catch (const Cancelled&) {
        cancelled = true;
    } catch (const std::bad_alloc& exception) {
        out_of_memory = met_memory_limit(exception);
        failure = encode_current_exception(item, os::own_pid(), thrown_stack(),
                                           out_of_memory ? beyond_memory_limit : "");
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
    if (out_of_memory) {
        retire();  // what earlier items leaked is not to cost any more of them
    }
    if (run.next < run.last) {
        open_frame(run);
    } else {
        frame_first_ = run.next;
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
