#include <algorithm>
#include <chrono>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

#include <procpool/detail/stop_link.hpp>
#include <procpool/detail/stream/core.hpp>
#include <procpool/detail/submit.hpp>
#include <procpool/errors.hpp>
#include <procpool/stream.hpp>

#include "face/journal_call.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// So many items are pulled before the job gets them, if that takes no longer than this.
constexpr std::size_t batch = 128;
constexpr std::uint64_t longest_batch_ns = 20 * os::us;
/// Entries of a job whose results come in any order: so far others go past one that takes long.
constexpr std::size_t entries_past_slow_items = std::size_t{1} << 16U;

constexpr bool is_power_of_two(std::size_t number) { return (number & (number - 1)) == 0; }

}  // namespace

StreamCore::StreamCore(std::shared_ptr<Engine> engine, JobSpec& spec, bool ordered,
                       std::shared_ptr<FedItems> items, std::shared_ptr<StreamSink> sink,
                       std::unique_ptr<Source> source, const MapOptions& options)
    : engine_(std::move(engine)),
      items_(std::move(items)),
      sink_(std::move(sink)),
      source_(std::move(source)),
      buffer_(checked_buffer(options.buffer, engine_->processes())),
      workers_(static_cast<std::uint64_t>(engine_->processes())),
      stop_(options.stop),
      stop_link_(std::make_unique<StopLink>()) {
    set_options(spec, options);
    spec.window = ordered ? buffer_ : std::max<std::size_t>(2 * buffer_, entries_past_slow_items);
    spec.eager = true;
    spec.waited = true;
    spec.keep = items_;
    spec.sink = sink_;
    if (options.progress) {
        bar_ = bar_of(options.progress, source_->size(), *engine_);
    }
    if (spec.journal != nullptr) {
        journal_ = spec.journal;
        JournalCall::attach(spec);
    }
    job_ = engine_->start(std::move(spec));
    stop_link_->begin(*engine_, job_, stop_, options.grace);
    try {
        pull();
    } catch (...) {
        let_go();
        throw;
    }
}

StreamCore::~StreamCore() { let_go(); }

void StreamCore::let_go() noexcept {
    stop_link_.reset();
    try {
        engine_->abandon(job_);
    } catch (...) {
        // In a forked child the job is the parent's. Without memory it is left to run to its end.
    }
}

/// How many more items may be pulled. Positions that are passed over count once something has come.
std::uint64_t StreamCore::room() const {
    if (source_ == nullptr) {
        return 0;
    }
    return buffer_ - (items_->count() - std::min(sink_->consumed(), sink_->told()));
}

/// Workers that have enough to do get more in batches.
bool StreamCore::is_time_to_pull() {
    const std::uint64_t room = this->room();
    if (room == 0 || room >= std::min<std::uint64_t>(buffer_, 2 * batch) / 2) {
        return room != 0;
    }
    return items_->count() - sink_->told() < 2 * workers_ &&
           os::now_ns() - pulled_ns_ > longest_batch_ns;
}

bool StreamCore::is_at_end(Clock::time_point deadline) {
    if (items_->count() <= sink_->consumed() || is_time_to_pull()) {
        pull();
    }
    for (bool in_time = true;
         in_time && source_ != nullptr && items_->count() <= sink_->consumed();) {  // passed over
        wait(deadline);
        pull();
        in_time = Clock::now() < deadline;
    }
    const std::uint64_t end = items_->count() + (error_ ? 1 : 0);
    if (source_ != nullptr || sink_->consumed() < end) {
        return false;
    }
    if (bar_ != nullptr) {
        bar_->end_at(sink_->told());
        bar_.reset();
    }
    settle();
    return sink_->consumed() >= items_->count() + (error_ ? 1 : 0);
}

/// Pulls and feeds what there is room for; while nothing can be consumed, no more than it takes
/// until something can be.
void StreamCore::pull() {
    tend_journal();
    if (room() != 0) {
        ask_for_more();
    }
    const bool waits = !sink_->is_ready();
    std::uint64_t batch_ns = os::now_ns();
    while (room() != 0 && pull_one()) {
        const std::size_t unfed = items_->unfed().size();
        if (unfed >= batch ||
            (is_power_of_two(unfed) && os::now_ns() - batch_ns > longest_batch_ns)) {
            feed();
            batch_ns = os::now_ns();
            if (!items_->unfed().empty() || (waits && sink_->is_ready())) {
                break;
            }
        }
    }
    if (!items_->unfed().empty() || source_ == nullptr) {
        feed();
    }
    pulled_ns_ = os::now_ns();
}

/// A range that nobody wants more of is not read: it may block, or give each item only once. Nor is
/// it by a forked child, whose items would lie where those of its parent do.
void StreamCore::ask_for_more() {
    try {
        if (!engine_->feed(job_, {})) {
            note_stop();
            end();
        }
    } catch (...) {
        fail();
    }
}

/// False at the end of the range.
bool StreamCore::pull_one() {
    try {
        sink_->make_room(items_->count() + 1);
        if (source_->next(*items_)) {
            if (journal_ != nullptr) [[unlikely]] {
                look_up();
            }
            return true;
        }
        if (journal_ != nullptr) {
            journal_->note_end();
        }
        end();
    } catch (...) {
        if (std::current_exception() == nullptr) {
            throw;  // the thread is cancelled
        }
        fail();
    }
    return false;
}

/// An item of which it is known what comes does not run. It is fed all the same, so that the others
/// keep their indices, and it its turn.
void StreamCore::look_up() {
    const ItemEntry& item = items_->unfed().back();
    const JournalCall::Item is = journal_->add({item.data, static_cast<std::size_t>(item.size)});
    if (is != JournalCall::Item::runs) {
        items_->blank_last();
    }
    if (is == JournalCall::Item::ends) {
        end();
    }
}

/// Without its journal the stream ends behind what was pulled.
void StreamCore::tend_journal() {
    if (journal_ != nullptr && !journal_->tend() && source_ != nullptr) {
        end();
    }
}

/// At the end all is on the disk, and another call may have the journal.
void StreamCore::settle() noexcept {
    if (journal_ != nullptr) {
        try {
            journal_->settle();
        } catch (...) {
            error_ = error_ ? error_ : std::current_exception();
        }
        journal_.reset();
    }
}

void StreamCore::feed() {
    try {
        if (!items_->unfed().empty()) {
            if (const auto fed = engine_->feed(job_, items_->unfed())) {
                items_->mark_fed(*fed);
            } else {
                items_->drop_unfed();
                end();
                note_stop();
            }
        }
        if (source_ == nullptr && items_->unfed().empty() && is_fed_) {
            is_fed_ = false;
            engine_->end_feed(job_);
        }
    } catch (...) {
        items_->drop_unfed();
        fail();
    }
}

/// The range has no more items, or none is wanted. What was pulled is still fed.
void StreamCore::end() noexcept { source_.reset(); }

/// A stream that is stopped does not seem to have come to its end.
void StreamCore::note_stop() {
    if (!error_ && stop_.stop_requested()) {
        error_ = std::make_exception_ptr(
            TaskCancelled(Failure{.kind = Failure::Kind::cancelled, .index = items_->count()}));
    }
}

/// The exception in flight is at the position behind the last item, and the end behind that.
void StreamCore::fail() noexcept {
    error_ = std::current_exception();
    end();
}

/// Will nothing more come to the current position?
bool StreamCore::is_known() const {
    return sink_->is_ready() || sink_->has_lost() ||
           (source_ == nullptr && sink_->consumed() >= items_->count());
}

bool StreamCore::is_there(Clock::time_point deadline) {
    for (bool in_time = true; !is_known(); in_time = Clock::now() < deadline) {
        if (room() != 0) {
            pull();
        } else if (!items_->unfed().empty()) {
            feed();
        }
        if (is_known()) {
            break;
        }
        wait(deadline);
        if (!in_time) {
            return is_known();
        }
    }
    return true;
}

void StreamCore::check() const {
    if (sink_->is_ready()) {
        return;
    }
    if (error_ && sink_->consumed() == items_->count()) {
        std::rethrow_exception(error_);
    }
    if (sink_->has_lost()) {
        throw std::bad_alloc();
    }
    throw std::logic_error("procpool: a Stream was read behind its end");
}

/// Waits for anything that arrives.
void StreamCore::wait(Clock::time_point deadline) {
    if (journal_ != nullptr) {
        tend_journal();
        deadline = std::min(deadline, journal_->due());
    }
    if (bar_ != nullptr) {
        if (Clock::now() >= bar_->due()) {
            bar_->show(sink_->told(), *engine_);
        }
        deadline = std::min(deadline, bar_->due());
    }
    engine_->wait_more(job_, sink_->told(), deadline);
}

void StreamCore::advance() noexcept { sink_->advance(); }

void throw_no_stream() { throw std::logic_error("procpool: this Stream was moved from"); }

void throw_no_element_yet() {
    throw TimeoutError(
        "procpool: no element yet: its item runs, or waits for a worker that is free and "
        "initialized; call next() again, or give items a timeout with MapOptions");
}

std::size_t checked_buffer(std::size_t buffer, int processes) {
    constexpr std::size_t most = std::size_t{1} << 24U;
    if (buffer > most) {
        const auto given = static_cast<std::ptrdiff_t>(buffer);
        throw std::invalid_argument("procpool: buffer is " + std::to_string(given) +
                                    ", not 1 to 16777216 items, or 0 for 4 for each process");
    }
    return buffer != 0 ? buffer : 4 * static_cast<std::size_t>(processes);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
