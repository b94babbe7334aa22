#include "engine/client.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>

#include <procpool/cpu.hpp>

#include "engine/lifelines.hpp"
#include "engine/server.hpp"
#include "memory/process_mark.hpp"
#include "os/clock.hpp"
#include "os/futex.hpp"
#include "os/process.hpp"
#include "os/unseen_fork.hpp"
#include "wait/spin.hpp"

namespace procpool::detail {

using namespace engine;

namespace {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

/// How long an idle worker that holds a token looks for work before it parks.
constexpr std::uint64_t worker_spin = 60 * us;
/// How long a client that saw a spinning worker take its job looks for the answer before it calls
/// the others and parks.
constexpr std::uint64_t client_spin = 25 * us;
/// An answer that takes longer is not that of a worker spinning on another CPU.
constexpr std::uint64_t quick_answer = 2 * us;
/// How long a client that had to wake a worker waits before it calls the others.
constexpr std::uint64_t first_park = 120 * us;
/// A call looks whether the fork server lives if nobody did for so long.
constexpr std::uint64_t server_look_interval = 1 * ms;
/// A park never lasts longer: then the client looks whether the fork server lives.
constexpr std::uint64_t slice = 50 * ms;

constexpr std::size_t align_up(std::size_t size) {
    return (size + cache_line - 1) / cache_line * cache_line;
}

std::uint64_t next_pool_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

/// Why an item that never ran has no result.
Failure dropped_as(Failure::Kind kind, int error) {
    Failure failure;
    failure.kind = kind;
    if (kind == Failure::Kind::broken && error != 0) {
        failure.message = std::generic_category().message(error);
    }
    return failure;
}

}  // namespace

// Life
// ---------------------------------------------------------------------------------------------------------------

Client::Client(const EngineOptions& options)
    : region_(memory::Region::current()),
      owner_(memory::process_mark()),
      layout_(Layout::plan(options.processes, region_.size() / 4)),
      readers_(static_cast<std::size_t>(options.processes)) {
    used_.resize(layout_.jobs() / 64);
    layout_.place(region_.reserve(layout_.size()), region_.base(), region_.size());
    PoolPage& pool = layout_.pool();
    pool.pool = next_pool_number();
    pool.secret = mix(owner_ ^ os::now_ns() ^ pool.pool << 48U);
    pool.workers = static_cast<std::uint64_t>(options.processes);
    pool.max_tasks = options.max_tasks_per_child;
    static const int cpus = usable_cpus();
    pool.tokens =
        static_cast<std::uint64_t>(std::clamp(cpus - 1, 1, static_cast<int>(Tokens::most)));
    // On a single CPU whoever spins keeps from running what he waits for.
    pool.spin_ns = cpus > 1 ? worker_spin : 0;
    client_spin_ns_ = cpus > 1 ? client_spin : 0;
    try {
        start_server();
        await_server();
    } catch (...) {
        stop_server();
        region_.unreserve(layout_.base(), layout_.size());
        throw;
    }
}

Client::~Client() {
    if (!belongs_to_this_process()) {
        // A forked child: the pool, its processes and its memory are the parent's.
        commands_.release();
        server_.release();
        return;
    }
    terminate();
    region_.unreserve(layout_.base(), layout_.size());
}

bool Client::belongs_to_this_process() const { return owner_ == memory::process_mark(); }

void Client::start_server() {
    os::Pipe pipe = os::make_pipe();
    commands_ = std::move(pipe.write_end);
    lifelines::add(commands_.get());  // at once: other threads may fork
    os::Fd self = os::open_pidfd(os::own_pid());
    if (!self) {
        throw std::system_error(errno, std::generic_category(),
                                "procpool: cannot watch this process (pidfd_open)");
    }
    std::fflush(nullptr);
    const pid_t client = os::own_pid();
    const auto become_server = [&] {
        lifelines::close_all();
        static_cast<void>(commands_.release());
        Server::live(layout_, {std::move(pipe.read_end), std::move(self), client});
    };
    pid_t pid = 0;
    int error = 0;
    {
        const os::SignalBlock quiet;  // no handler of the program runs in the child
        if (os::single_threaded()) {
            pid = os::clone_quietly();
            if (pid == 0) {
                become_server();
            }
            error = errno;
            server_is_child_ = pid > 0;
        } else {
            // Only fork() leaves the locks of libc usable while there are threads.
            pid = os::fork_unseen();
            if (pid == 0) {
                become_server();
            }
            error = errno;
        }
    }
    if (pid <= 0) {
        throw std::system_error(
            error != 0 ? error : EAGAIN, std::generic_category(),
            "procpool: cannot start the fork server (too many processes, or too little memory?)");
    }
    server_pid_ = pid;
    server_ = os::open_pidfd(pid);
    if (!server_) {
        throw std::system_error(errno, std::generic_category(),
                                "procpool: cannot watch the fork server");
    }
}

/// Waits until every worker is forked.
void Client::await_server() {
    ServerPage& page = layout_.server();
    for (;;) {
        const std::uint32_t news = page.news.load(std::memory_order_seq_cst);
        switch (page.state.load(std::memory_order_seq_cst)) {
            case ServerState::ready:
                return;
            case ServerState::starting:
                break;
            case ServerState::broken:
            case ServerState::ended:
                throw std::system_error(page.error.load(), std::generic_category(),
                                        "procpool: cannot start " +
                                            std::to_string(layout_.workers()) +
                                            " workers (too many processes, or too little memory?)");
        }
        if (os::has_ended(server_) && page.state.load() == ServerState::starting) {
            throw std::system_error(ECHILD, std::generic_category(),
                                    "procpool: the fork server died while it started");
        }
        os::futex_wait(page.news, news, slice);
    }
}

/// Ends the fork server, and with it every worker; waits until it is gone.
void Client::stop_server() {
    if (server_pid_ == 0) {
        lifelines::remove(commands_.get());  // where the start failed
        commands_.reset();
        return;
    }
    layout_.pool().command.store(Command::end, std::memory_order_seq_cst);
    os::poke(commands_);
    await_end();
    if (server_ && !os::wait_for_end(server_, 10'000)) {
        os::send_signal(server_pid_, SIGKILL);  // its workers die with it
        os::wait_for_end(server_, 10'000);
    }
    if (server_is_child_) {
        os::reap(server_pid_);
    } else {
        os::reap_if_ended(server_pid_);  // this process may be the one that adopts orphans
    }
    lifelines::remove(commands_.get());
    commands_.reset();
    server_.reset();
    server_pid_ = 0;
    // What workers held when they were killed.
    for (Word& holder : reinterpret_cast<Tokens*>(layout_.region_base())->holder) {
        std::uint64_t held = holder.load(std::memory_order_relaxed);
        if (held >> 16U == layout_.pool().pool) {
            holder.compare_exchange_strong(held, 0);
        }
    }
}

/// The fork server says when its workers are gone, a moment before it goes itself: waking up takes
/// as long as its going.
void Client::await_end() const {
    ServerPage& page = layout_.server();
    const std::uint64_t until = os::now_ns() + 10'000 * ms;
    for (;;) {
        const std::uint32_t news = page.news.load(std::memory_order_seq_cst);
        if (page.state.load(std::memory_order_seq_cst) == ServerState::ended ||
            os::has_ended(server_) || os::now_ns() > until) {
            break;
        }
        os::futex_wait(page.news, news, slice);
    }
    for (const std::uint64_t soon = os::now_ns() + 200 * us;
         os::now_ns() < soon && !os::has_ended(server_);) {
        os::yield();
    }
}

void Client::close() {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::open) {
        state_ = State::closed;
    }
}

void Client::join() {
    Lock lock(mutex_);
    if (state_ == State::open) {
        throw std::logic_error(
            "procpool: join() before close() or terminate() would wait for ever: call close() "
            "first");
    }
    while (unresolved_ != 0 && state_ == State::closed) {
        const auto busy = std::find_if(jobs_.begin(), jobs_.end(),
                                       [](const JobHandle& job) { return job != nullptr; });
        const JobHandle job = *busy;
        lock.unlock();
        wait(job, ~std::uint64_t{0}, Clock::time_point::max());
        lock.lock();
    }
    stop_server();
    if (state_ == State::closed) {
        state_ = State::ended;
    }
}

void Client::terminate() {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::open || state_ == State::closed) {
        state_ = State::terminated;
    }
    stop_server();
    drop_everything(Failure::Kind::terminated);
}

/// Every job that still waits for something is resolved as it is.
void Client::drop_everything(Failure::Kind why) {
    for (JobHandle& held : jobs_) {
        if (const JobHandle job = held; job != nullptr) {
            job->open = false;
            drop(*job, 0, job->count, dropped_as(why, error_));
            if (!job->resolved) {
                retire(*job);
            }
        }
    }
}

/// The fork server is gone although nobody asked it to: so are its workers, and what they had not
/// published.
void Client::notice_server_death() {
    if (state_ == State::broken || state_ == State::terminated || state_ == State::ended ||
        server_pid_ == 0) {
        return;
    }
    const bool told = layout_.server().state.load(std::memory_order_seq_cst) == ServerState::broken;
    if (!told && !os::has_ended(server_)) {
        return;
    }
    state_ = State::broken;
    error_ = told ? layout_.server().error.load() : 0;
    drain();
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        // They die with their parent; what their tasks started is in their groups.
        os::send_signal_to_group(layout_.server_line(worker).pid.load(), SIGKILL);
    }
    drop_everything(Failure::Kind::broken);
}

std::vector<pid_t> Client::worker_pids() const {
    std::vector<pid_t> pids;
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        if (const pid_t pid = layout_.server_line(worker).pid.load(std::memory_order_acquire);
            pid != 0) {
            pids.push_back(pid);
        }
    }
    return pids;
}

// Jobs
// ---------------------------------------------------------------------------------------------------------------

void Client::check_open() const {
    switch (state_) {
        case State::open:
            return;
        case State::closed:
        case State::ended:
            throw PoolClosed("procpool: the pool is closed: it takes no new work after close()");
        case State::terminated:
            throw PoolTerminated("procpool: the pool is terminated: make a new one");
        case State::broken:
            throw PoolBroken(
                "procpool: the pool is broken: its fork server died or can fork no more" +
                (error_ != 0 ? " (" + std::generic_category().message(error_) + ")"
                             : std::string()) +
                "; make a new pool");
    }
}

/// The lowest free job page, so that the same few stay warm. Waits while all are taken.
std::size_t Client::free_page(Lock& lock) {
    for (;;) {
        for (std::size_t word = 0; word < used_.size(); ++word) {
            if (~used_[word] != 0) {
                return word * 64 + static_cast<std::size_t>(std::countr_one(used_[word]));
            }
        }
        const JobHandle first = jobs_.front();
        lock.unlock();
        wait(first, ~std::uint64_t{0}, Clock::now() + std::chrono::milliseconds(10));
        lock.lock();
        check_open();
    }
}

JobHandle Client::start(JobSpec spec) {
    auto job = std::make_shared<Job>(std::move(spec.sink));
    job->block = std::move(spec.block);
    job->keep = std::move(spec.keep);
    job->fail_fast = spec.fail_fast;
    job->waited = spec.waited;
    job->input_stride = spec.input_stride;
    if (spec.window != 0) {
        job->window = std::bit_ceil(spec.window);
        job->open = true;
        job->fed.resize(spec.input_stride == 0 ? job->window : 0);
        job->block = Block(job->window * std::max(spec.input_stride, sizeof(ItemEntry)));
    } else {
        job->count = spec.count;
    }
    if (job->count > max_items) {
        throw std::invalid_argument("procpool: more than 2^38 items in one call: split the range");
    }
    // Small closures and inputs live on the job page itself.
    const bool small_closure = spec.closure.size() <= JobPage::payload_size;
    const std::size_t used = small_closure ? align_up(spec.closure.size()) : 0;
    const bool small_inputs =
        spec.inputs.size() <= JobPage::payload_size - std::min(used, JobPage::payload_size);
    Block closure_block = small_closure ? Block() : Block(spec.closure.size());
    Block input_block = small_inputs ? Block() : Block(spec.inputs.size());

    Lock lock(mutex_);
    check_open();
    const std::size_t index = free_page(lock);
    JobPage& page = layout_.job(index);
    page.thunk = spec.thunk;
    page.prepare = spec.prepare;
    std::byte* closure = small_closure ? page.payload.data() : closure_block.data();
    if (!spec.closure.empty()) {
        std::memcpy(closure, spec.closure.data(), spec.closure.size());
    }
    page.closure = closure;
    page.closure_size = spec.closure.size();
    if (job->block) {
        page.input = job->block.data();
    } else if (spec.shared_inputs != nullptr) {
        page.input = spec.shared_inputs;
    } else {
        std::byte* inputs = small_inputs ? page.payload.data() + used : input_block.data();
        if (!spec.inputs.empty()) {
            std::memcpy(inputs, spec.inputs.data(), spec.inputs.size());
        }
        page.input = inputs;
    }
    page.input_mask = job->window != 0 ? job->window - 1 : ~std::uint64_t{0};
    page.result_stride = spec.result_stride;
    page.in_place = spec.in_place;
    page.in_place_size = os::round_to_pages(spec.in_place_size);
    page.chunksize = spec.chunksize;
    page.timeout_ns = static_cast<std::uint64_t>(spec.timeout.count());
    page.retries = static_cast<std::uint64_t>(spec.retries);
    page.eager = spec.eager;
    page.fail_fast = spec.fail_fast;
    page.guarded = false;
    page.extents = nullptr;
    page.extent_count = 0;
    if (closure_block) {
        job->more_blocks.push_back(std::move(closure_block));
    }
    if (input_block) {
        job->more_blocks.push_back(std::move(input_block));
    }
    job->postings.push_back({});
    ++unresolved_;
    post(job, index, job->count);
    if (page.timeout_ns != 0) {
        update_shortest_timeout();
    }
    job->started_ns = os::now_ns();
    if (job->count == 0 && !job->open) {
        settle(*job);
    } else if (job->window == 0) {
        job->had_spinner = call_workers(job->count, spec.waited);
        job->escalated = !spec.waited || job->count == 1;
    }
    // Only now, while a worker wakes up or is at work already, and not before each of many calls.
    if (job->started_ns - looked_at_server_ns_ > server_look_interval) {
        looked_at_server_ns_ = job->started_ns;
        notice_server_death();
        check_open();
    }
    return job;
}

/// Puts a filled page up for the workers as the job's last posting.
void Client::post(const JobHandle& job, std::size_t index, std::uint64_t limit) {
    JobPage& page = layout_.job(index);
    used_[index / 64] |= std::uint64_t{1} << (index % 64);
    if (index >= jobs_.size()) {
        jobs_.resize(index + 1);
    }
    jobs_[index] = job;
    job->postings.back().page = index;
    page.close_word.store(0, std::memory_order_relaxed);
    page.limit.store(limit, std::memory_order_relaxed);
    page.waiters.store(0, std::memory_order_relaxed);
    const std::uint64_t serial = ++last_serial_;
    layout_.words(index).claim.store(ClaimWord::make(0, nobody, layout_.pool().secret, serial).bits,
                                     std::memory_order_release);
    page.serial.store(serial, std::memory_order_release);
    activate(index, true);
}

void Client::activate(std::size_t index, bool active) {
    Word& word = layout_.pool().active[index / 64];
    Word& summary = layout_.pool().summary[index / 4096];
    const std::uint64_t bit = std::uint64_t{1} << (index % 64);
    const std::uint64_t bits = word.load(std::memory_order_relaxed);
    const std::uint64_t now = active ? bits | bit : bits & ~bit;
    const std::uint64_t summary_bit = std::uint64_t{1} << (index / 64 % 64);
    const std::uint64_t old = summary.load(std::memory_order_relaxed);
    word.store(now, std::memory_order_release);
    summary.store(now != 0 ? old | summary_bit : old & ~summary_bit, std::memory_order_release);
}

bool Client::spinner_present() const {
    const auto& tokens = *reinterpret_cast<const Tokens*>(layout_.region_base());
    for (std::size_t i = 0; i < layout_.pool().tokens; ++i) {
        if (tokens.holder[i].load(std::memory_order_seq_cst) >> 16U == layout_.pool().pool) {
            return true;
        }
    }
    return false;
}

/// Rings the doorbell. True if a spinning worker hears it; otherwise parked ones are woken: one for
/// a caller that waits for the answer, as many as there are items for one that does not.
bool Client::call_workers(std::uint64_t items, bool waited) {
    PoolPage& pool = layout_.pool();
    pool.doorbell.fetch_add(1, std::memory_order_seq_cst);
    const bool spinner = spinner_present();
    if (waited && !spinner) {
        pool.caller_cpu.store(os::own_cpu(), std::memory_order_relaxed);
    }
    if (const std::uint64_t wanted = waited ? 1 : items; !spinner || wanted > 1) {
        os::futex_wake(pool.doorbell, static_cast<int>(std::min(wanted, pool.workers)));
    }
    return spinner;
}

/// The job takes longer than waking a worker does: calls every worker that can help.
void Client::escalate(Job& job) {
    if (job.escalated) {
        return;
    }
    job.escalated = true;
    const std::size_t index = job.postings.back().page;
    const ClaimWord word{layout_.words(index).claim.load(std::memory_order_acquire)};
    const std::uint64_t limit = layout_.job(index).limit.load(std::memory_order_relaxed);
    if (word.next() < limit) {
        os::futex_wake(layout_.pool().doorbell,
                       static_cast<int>(std::min(limit - word.next(), layout_.pool().workers)));
    }
}

void Client::update_shortest_timeout() {
    std::uint64_t shortest = 0;
    for (std::size_t word = 0; word < used_.size(); ++word) {
        for (std::uint64_t bits = used_[word]; bits != 0; bits &= bits - 1) {
            const std::uint64_t timeout =
                layout_.job(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)))
                    .timeout_ns;
            shortest = timeout != 0 && (shortest == 0 || timeout < shortest) ? timeout : shortest;
        }
    }
    PoolPage& pool = layout_.pool();
    pool.shortest_timeout.store(shortest, std::memory_order_seq_cst);
    const std::uint64_t look = layout_.server().next_look.load(std::memory_order_seq_cst);
    if (shortest != 0 && (look == 0 || look > os::now_ns() + shortest)) {
        os::poke(commands_);
    }
}

/// Everything of the job reached the sink: its pages are free again, and whoever waits for it goes
/// on.
void Client::retire(Job& job) {
    job.resolved = true;
    --unresolved_;
    JobHandle last;
    bool timed = false;
    for (const Job::Posting& posting : job.postings) {
        JobPage& page = layout_.job(posting.page);
        activate(posting.page, false);
        page.serial.store(0, std::memory_order_release);
        used_[posting.page / 64] &= ~(std::uint64_t{1} << (posting.page % 64));
        timed = timed || page.timeout_ns != 0;
        page.timeout_ns = 0;
        last = std::move(jobs_[posting.page]);
        jobs_[posting.page] = nullptr;
        if (page.waiters.load(std::memory_order_relaxed) != 0) {
            ring(posting.page);
        }
    }
    if (timed) {
        update_shortest_timeout();
    }
    job.block = Block();
    job.keep.reset();
    job.more_blocks.clear();
    job.fed.clear();
    job.parts.clear();
}

void Client::ring(std::size_t index) {
    os::FutexWord& bell = layout_.words(index).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(bell, 1 << 30);
}

/// What of items [first, last) is not done never will be.
void Client::drop(Job& job, std::uint64_t first, std::uint64_t last, const Failure& why) {
    for (const IntervalSet::Interval gap : job.done.missing(first, last)) {
        job.done.insert(gap.begin, gap.end);
        if (job.sink != nullptr) {
            job.sink->dropped(gap.begin, gap.end, why);
        }
    }
}

/// Nothing more is claimed of a posting; what was not claimed is dropped (docs/protocol.md, part
/// 4).
void Client::close_posting(Job& job, Job::Posting& posting, const Failure& why) {
    if (posting.closed) {
        return;
    }
    JobPage& page = layout_.job(posting.page);
    Word& claim = layout_.words(posting.page).claim;
    const std::uint64_t secret = layout_.pool().secret;
    const std::uint64_t serial = page.serial.load(std::memory_order_relaxed);
    ClaimWord seen{claim.load(std::memory_order_acquire)};
    while (seen.valid(secret, serial) && seen.taker() != closed) {
        page.close_word.store(seen.bits, std::memory_order_release);
        if (claim.compare_exchange_strong(seen.bits,
                                          ClaimWord::make(seen.next(), closed, secret, serial).bits,
                                          std::memory_order_seq_cst)) {
            break;
        }
    }
    if (!seen.valid(secret, serial)) {
        reconcile_needed_ = true;  // scribbled over: what was claimed is found out then
        return;
    }
    posting.closed = true;
    const std::uint64_t limit = page.limit.load(std::memory_order_relaxed);
    if (page.extents == nullptr) {
        drop(job, std::min(seen.next(), limit), limit, why);
        return;
    }
    for (std::size_t i = 0; i < page.extent_count; ++i) {
        const Extent& extent = page.extents[i];
        const std::uint64_t end =
            i + 1 < page.extent_count ? std::min(page.extents[i + 1].position, limit) : limit;
        if (const std::uint64_t begin = std::max(extent.position, seen.next()); begin < end) {
            drop(job, begin + extent.shift, end + extent.shift, why);
        }
    }
}

/// Did a worker close the job because it found what was looked for?
bool Client::closed_by_worker(const Job& job) const {
    const std::size_t index = job.postings.back().page;  // a reconciliation closes the others
    const ClaimWord word{layout_.words(index).claim.load(std::memory_order_acquire)};
    return word.taker() == closed &&
           word.valid(layout_.pool().secret,
                      layout_.job(index).serial.load(std::memory_order_relaxed));
}

void Client::close_job(Job& job, Failure::Kind why) {
    if (job.resolved) {
        return;
    }
    job.open = false;
    for (Job::Posting& posting : job.postings) {
        close_posting(job, posting, dropped_as(why, 0));
    }
}

void Client::cancel(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    close_job(*job, Failure::Kind::cancelled);
    settle(*job);
}

void Client::abandon(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    job->sink = nullptr;
    close_job(*job, Failure::Kind::cancelled);
    settle(*job);
}

// Feeding
// ------------------------------------------------------------------------------------------------------------

bool Client::feed(const JobHandle& handle, std::span<const std::byte> item) {
    Job& job = *handle;
    Block block = job.input_stride == 0 ? Block(std::max<std::size_t>(item.size(), 1)) : Block();
    const std::scoped_lock lock(mutex_);
    notice_server_death();
    check_open();
    drain();
    if (!job.open || job.resolved ||
        (job.count >= job.window && !job.done.contains(job.count - job.window))) {
        return false;
    }
    const std::uint64_t place = job.count & (job.window - 1);
    if (job.input_stride != 0) {
        std::memcpy(job.block.data() + place * job.input_stride, item.data(), job.input_stride);
    } else {
        if (!item.empty()) {
            std::memcpy(block.data(), item.data(), item.size());
        }
        reinterpret_cast<ItemEntry*>(job.block.data())[place] = {block.offset(), item.size()};
        job.fed[place] = std::move(block);
    }
    ++job.count;
    const Job::Posting& posting = job.postings.back();
    layout_.job(posting.page)
        .limit.store(posting.base_positions + (job.count - posting.base_count),
                     std::memory_order_seq_cst);
    call_workers(1, false);
    return true;
}

void Client::end_feed(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    job->open = false;
    settle(*job);
}

// Waiting
// ------------------------------------------------------------------------------------------------------------

std::uint64_t Client::arrivals(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    notice_server_death();
    drain();
    return job->done.total();
}

bool Client::resolved(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    notice_server_death();
    drain();
    return job->resolved;
}

/// Looks for news of a job for a while. Against a worker that spins on another CPU: hard, for the
/// few microseconds that its answer takes. Against one that was woken: giving the CPU away at every
/// turn, since it may be woken on this very one.
bool Client::watch(os::FutexWord& bell, std::uint32_t heard, bool had_spinner,
                   std::uint64_t until) const {
    const auto happened = [&] { return bell.load(std::memory_order_seq_cst) != heard; };
    std::atomic<int>& caller_cpu = layout_.pool().caller_cpu;
    if (!had_spinner) {
        while (!happened()) {
            if (os::now_ns() >= until) {
                return false;
            }
            os::yield();
        }
        return true;
    }
    if (wait::spin_until(std::min(until, os::now_ns() + quick_answer), happened)) {
        if (caller_cpu.load(std::memory_order_relaxed) != -1) {
            caller_cpu.store(-1, std::memory_order_relaxed);
        }
        return true;
    }
    caller_cpu.store(os::own_cpu(), std::memory_order_relaxed);  // see WorkerLoop::part_from_caller
    return wait::spin_until(until, happened);
}

/// docs/protocol.md, part 6. Spins only where the answer is microseconds away, then parks on the
/// job's bell, in slices.
bool Client::wait(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) {
    Lock lock(mutex_);
    std::uint64_t watch_until = job->started_ns + (job->had_spinner ? 1 : 3) * client_spin_ns_;
    if (!job->waited || client_spin_ns_ == 0) {
        watch_until = 0;
    }
    for (;;) {
        if (job->resolved) {
            return true;
        }
        const std::size_t index = job->postings.back().page;
        JobPage& page = layout_.job(index);
        os::FutexWord& bell = layout_.words(index).bell;
        const std::uint32_t heard = bell.load(std::memory_order_seq_cst);
        drain();
        if (!job->resolved && closed_by_worker(*job)) {
            close_job(*job, Failure::Kind::cancelled);
            settle(*job);
        }
        if (job->resolved || job->done.total() > seen) {
            return true;
        }
        if (layout_.server().state.load(std::memory_order_acquire) == ServerState::broken) {
            notice_server_death();
            continue;
        }
        std::uint64_t patience = slice;
        if (deadline != Clock::time_point::max()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now())
                    .count();
            if (left <= 0) {
                notice_server_death();  // short waits may be all there are
                return job->resolved;
            }
            patience = std::min(patience, static_cast<std::uint64_t>(left));
        }
        if (watch_until != 0) {
            lock.unlock();
            const bool rung = watch(bell, heard, job->had_spinner, watch_until);
            lock.lock();
            if (!rung) {
                watch_until = 0;
                if (!job->resolved) {
                    escalate(*job);
                }
            }
            continue;
        }
        if (!job->escalated) {
            patience = std::min(patience, first_park);
        }
        page.waiters.fetch_add(1, std::memory_order_seq_cst);
        lock.unlock();
        const std::uint64_t before = os::now_ns();
        os::futex_wait(bell, heard, patience);
        const bool quiet = os::now_ns() - before >= patience;
        lock.lock();
        // The page may serve another job by now; its count of waiters is only a hint to ring, but
        // must not go astray.
        page.waiters.fetch_sub(page.waiters.load(std::memory_order_relaxed) != 0 ? 1 : 0,
                               std::memory_order_seq_cst);
        if (quiet) {
            if (!job->resolved) {
                escalate(*job);
            }
            if (patience >= slice) {
                notice_server_death();
            }
        }
    }
}

}  // namespace procpool::detail
