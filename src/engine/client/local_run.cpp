#include "engine/client/local_run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "os/clock.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

const std::atomic<std::uint64_t> always_genuine{1};

/// Fixed-size results are passed on in pieces of this many bytes.
constexpr std::size_t batch_bytes = std::size_t{64} << 10U;

using Lock = std::unique_lock<std::mutex>;

/// Thrown through a thunk instead of running an item whose job is cancelled.
struct Cancelled {};

thread_local const LocalRun* innermost = nullptr;

}  // namespace

Failure current_failure(std::uint64_t item) {
    return decode_failure(encode_current_exception(item, os::own_pid()));
}

LocalRun::LocalRun(LocalJob& job, const Crew& crew, std::mutex& mutex, const LocalSeat& seat,
                   LocalCounts& counts)
    : job_(job),
      crew_(crew),
      mutex_(mutex),
      seat_(seat),
      counts_(counts),
      outer_(std::exchange(innermost, this)),
      says_which_({current_, part_}, job.stop.get_token(), seat.number, seat.locals) {}

LocalRun::~LocalRun() { innermost = outer_; }

const LocalRun* LocalRun::of(const Crew& crew) {
    const LocalRun* run = innermost;
    while (run != nullptr && &run->crew_ != &crew) {
        run = run->outer_;
    }
    return run;
}

void LocalRun::items(std::uint64_t first, std::uint64_t last) {
    Run run;
    run.next = first;
    run.closure = job_.spec.closure.data();
    run.closure_size = job_.spec.closure.size();
    run.input = job_.spec.shared_inputs;
    run.input_mask = job_.feed ? job_.feed.mask() : ~std::uint64_t{0};
    run.current_ = &current_;
    run.part_word_ = &part_;
    run.genuine_ = &always_genuine;
    run.cancelled_ = &job_.cancelled;
    run.stride_ = job_.spec.result_stride;
    run.host_ = this;
    while (run.next < last && !closed_here_) {
        given_ = run.next;
        run.last = last;
        if (job_.spec.in_place != nullptr) {
            run.output_ = job_.spec.in_place;
        } else if (run.stride_ != 0) {
            run.last = std::min<std::uint64_t>(
                last, run.next + std::max<std::size_t>(1, batch_bytes / run.stride_));
            buffer_.resize((run.last - run.next) * run.stride_);
            run.output_ = buffer_.data() - run.next * run.stride_;
        }
        output_ = run.output_;
        try {
            run.prepared = prepare();
            job_.spec.thunk(run);
        } catch (const Cancelled&) {
            give(run.next);
            return;
        } catch (...) {
            fail(run, run.next++);
        }
        give(run.next);
    }
}

/// What this seat makes of the closure, once.
void* LocalRun::prepare() {
    void*& mine = job_.prepared[static_cast<std::size_t>(seat_.number)];
    if (job_.spec.prepare.open != nullptr && mine == nullptr) {
        mine = job_.spec.prepare.open(job_.spec.closure);
    }
    return mine;
}

void LocalRun::begin_checked(std::uint64_t item) {
    if (job_.cancelled.load(std::memory_order_relaxed) != 0) {
        throw Cancelled();
    }
    current_.store(running(item), std::memory_order_relaxed);
}

void LocalRun::emit(Run& run, std::span<const std::byte> bytes) {
    give(run.next);
    const Lock lock(mutex_);
    job_.receiver.make_room();
    if (!job_.discarded && job_.done.insert(run.next, run.next + 1)) {
        job_.receiver.result(run.next, bytes);
    }
    count(1, &LocalCounts::done);
    given_ = run.next + 1;
}

void LocalRun::fail(Run& run, std::uint64_t item) {
    Failure failure = current_failure(item);
    failure.part = part_.load(std::memory_order_relaxed);
    failure.tries = 1;
    failure.duration = std::chrono::nanoseconds(run.take_run_time(os::now_ns()));
    give(item);
    if (job_.spec.fail_fast) {
        closed_here_ = true;
        job_.close();
        run.last = run.next;
    }
    const Lock lock(mutex_);
    job_.receiver.make_room();
    if (!job_.discarded && job_.done.insert(item, item + 1)) {
        job_.receiver.failed(item, std::move(failure));
    }
    count(1, &LocalCounts::failed);
    given_ = item + 1;
}

/// With the lock.
void LocalRun::count(std::uint64_t items, std::uint64_t LocalCounts::* as) {
    counts_.*as += items;
    job_.finished += items;
    finished_ += items;
}

/// What is claimed already runs on where the job wants that, and here no more.
void LocalRun::stop() {
    closed_here_ = true;
    job_.stopped = true;
    if (!job_.spec.finishes_claimed) {
        job_.close();
    }
}

/// Passes on the results of the items before `end`.
void LocalRun::give(std::uint64_t end) {
    if (given_ >= end) {
        return;
    }
    const std::uint64_t count = end - given_;
    std::span<const std::byte> bytes;
    if (job_.spec.in_place == nullptr && job_.spec.result_stride != 0) {
        bytes = {output_ + given_ * job_.spec.result_stride, count * job_.spec.result_stride};
    }
    const Lock lock(mutex_);
    job_.receiver.make_room();
    if (!job_.discarded && job_.done.insert(given_, end)) {
        job_.receiver.results(given_, count, bytes);
    }
    this->count(count, &LocalCounts::done);
    given_ = end;
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
