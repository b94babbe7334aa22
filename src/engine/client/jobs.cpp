#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "engine/client/client.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The client's jobs: put up, fed, closed, retired (docs/protocol.md, part 4).
namespace engine {

namespace {

template <class Function>
const void* address_of(Function* function) {
    return reinterpret_cast<const void*>(function);
}

/// Is there a word among the bytes for which this holds?
template <class Holds>
bool any_word(std::span<const std::byte> bytes, Holds holds) {
    for (std::size_t at = 0; at + sizeof(ship::Address) <= bytes.size();
         at += sizeof(ship::Address)) {
        ship::Address word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        if (holds(word)) {
            return true;
        }
    }
    return false;
}

constexpr std::size_t align_up(std::size_t size) {
    return (size + cache_line - 1) / cache_line * cache_line;
}

}  // namespace

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

/// Throws NotShippable when the callable leads into a module that the workers do not have, or have
/// elsewhere where nobody can translate.
void Client::check_modules(const JobSpec& spec) {
    if (spec.closure.size() <= 1 &&
        program_.contains(reinterpret_cast<ship::Address>(address_of(spec.thunk)))) {
        return;
    }
    if (ship::modules_version() == modules_version_.load(std::memory_order_relaxed) &&
        !relocates_) {
        return;
    }
    const std::array functions{address_of(spec.thunk), address_of(spec.prepare.open),
                               address_of(spec.prepare.close)};
    check_code(functions, spec.code, *modules_);
}

/// The same for functions, and words among which there are addresses of code. `theirs`: the modules
/// of the workers.
void Client::check_code(std::span<const void* const> functions, const CodeWords& words,
                        const std::vector<ship::Module>& theirs) {
    const std::uint64_t version = ship::modules_version();
    const std::vector<ship::Module> here = ship::loaded_modules();
    const auto is_known = [&](const ship::Module& module) {
        return std::any_of(theirs.begin(), theirs.end(), [&](const ship::Module& known) {
            return known.base == module.base && known.same_file(module);
        });
    };
    if (std::all_of(here.begin(), here.end(), is_known)) {
        modules_version_.store(version, std::memory_order_relaxed);
    }
    const auto is_foreign = [&](ship::Address address) {
        return std::any_of(here.begin(), here.end(), [&](const ship::Module& module) {
            return module.contains(address) && !is_known(module);
        });
    };
    const bool foreign_function = std::any_of(
        functions.begin(), functions.end(),
        [&](const void* code) { return is_foreign(reinterpret_cast<ship::Address>(code)); });
    if (foreign_function || any_word(words.all, is_foreign)) {
        throw NotShippable(
            "procpool: the callable lives in a module that the workers do not have, as it was "
            "opened after the pool was made (or after init()): make the pool after dlopen, or open "
            "the module in the pool's initializer and call it by name");
    }
    const auto is_code = [&](ship::Address address) {
        return std::any_of(here.begin(), here.end(),
                           [&](const ship::Module& module) { return module.contains(address); });
    };
    if (relocates_ && any_word(words.fixed, is_code)) {
        throw NotShippable(
            "procpool: the callable captures the address of code or of constants (a function "
            "pointer, a string literal), which lie elsewhere in workers of Start::spawn: pass "
            "functions as the callable itself or by bind_back, and texts as std::string");
    }
}

JobHandle Client::start(JobSpec&& spec) {
    check_modules(spec);
    auto job = std::make_shared<Job>(std::move(spec.sink));
    job->block = std::move(spec.block);
    job->keep = std::move(spec.keep);
    job->keep_output = std::move(spec.keep_output);
    job->fail_fast = spec.fail_fast;
    job->finishes_claimed = spec.finishes_claimed;
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
    page.waited = spec.waited;
    page.fail_fast = spec.fail_fast;
    page.only_worker = spec.only_worker;
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
    post(job, index, job->count);
    ++unresolved_;
    if (page.timeout_ns != 0) {
        update_shortest_timeout();
    }
    if (job->count == 0 && !job->open) {
        settle(*job);
    } else if (job->window == 0) {
        // Whoever is woken for a job of one worker may be another.
        job->had_spinner = spec.only_worker < 0 ? call_workers(job->count, spec.waited)
                                                : call_workers(layout_.pool().workers, false);
        job->escalated = (!spec.waited || job->count == 1) && !job->had_spinner;
    }
    // Who looks on for the answer sees to both if it does not come at once.
    if (!spec.waited || client_spin_ns_ == 0) {
        call_server();
        const std::uint64_t now = os::now_ns();
        job->nudged_ns = now;
        // Not before each of many calls.
        if (now - looked_at_server_ns_ > server_look_interval) {
            looked_at_server_ns_ = now;
            notice_server_death();
            check_open();
        }
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
    page.cancelled.store(0, std::memory_order_relaxed);
    const std::uint64_t serial = ++last_serial_;
    layout_.words(index).claim.store(
        ClaimWord::make(0, taker::nobody, layout_.pool().secret, serial).bits,
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
    job.keep_output.reset();
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
    while (seen.valid(secret, serial) && seen.taker() != taker::closed) {
        page.close_word.store(seen.bits, std::memory_order_release);
        if (claim.compare_exchange_strong(
                seen.bits, ClaimWord::make(seen.next(), taker::closed, secret, serial).bits,
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
    if (job.postings.back().closed) {
        return false;  // by the client itself
    }
    const std::size_t index = job.postings.back().page;
    const ClaimWord word{layout_.words(index).claim.load(std::memory_order_acquire)};
    return word.taker() == taker::closed &&
           word.valid(layout_.pool().secret,
                      layout_.job(index).serial.load(std::memory_order_relaxed));
}

/// Nothing more of the job is claimed; `claimed_too`: nor started.
void Client::close_job(Job& job, bool claimed_too) {
    if (job.resolved) {
        return;
    }
    job.open = false;
    job.ended = job.ended || claimed_too;
    for (Job::Posting& posting : job.postings) {
        close_posting(job, posting, Failure{.kind = Failure::Kind::cancelled});
        if (claimed_too) {
            layout_.job(posting.page).cancelled.store(1, std::memory_order_release);
        }
    }
}

/// Every job that still waits for something is resolved as it is.
void Client::drop_everything(const Failure& why) {
    for (JobHandle& held : jobs_) {
        if (const JobHandle job = held; job != nullptr) {
            job->open = false;
            drop(*job, 0, job->count, why);
            if (!job->resolved) {
                retire(*job);
            }
        }
    }
}

void Client::cancel(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    close_job(*job, true);
    settle(*job);
}

void Client::abandon(const JobHandle& job) {
    const std::scoped_lock lock(mutex_);
    job->sink = nullptr;
    close_job(*job, true);
    settle(*job);
}

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

}  // namespace engine
PROCPOOL_END_NAMESPACE
