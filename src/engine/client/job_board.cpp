#include "engine/client/job_board.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include <procpool/errors.hpp>

#include "engine/shared/bell.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::optional<std::size_t> JobBoard::free_page(std::uint64_t positions) const {
    const auto has_room = [&](std::size_t page) {
        return std::max<std::uint64_t>(positions, 1) <=
               max_items - std::min(first_position(page), max_items);
    };
    for (std::size_t word = 0; word < used_.size(); ++word) {
        for (std::uint64_t free = ~used_[word]; free != 0; free &= free - 1) {
            const std::size_t page = word * 64 + static_cast<std::size_t>(std::countr_zero(free));
            if (has_room(page)) [[likely]] {
                return page;
            }
        }
    }
    for (std::size_t page = 0; page < layout_.jobs(); ++page) {
        if (has_room(page)) {
            return std::nullopt;
        }
    }
    throw PoolBroken(
        "procpool: this pool has run as many items as it can count (2^38 for each of its " +
        std::to_string(layout_.jobs()) + " places for jobs): make a new one");
}

void JobBoard::post(const JobHandle& job, std::size_t page) {
    make_room_for(page);
    const std::uint64_t first = first_positions_[page];
    job->postings.push_back({.page = page, .base_positions = first, .base_count = 0});
    layout_.job(page).shift = 0 - first;
    if (timeline_ != nullptr) [[unlikely]] {
        timeline_->job_began(*job);
    }
    put_up(job, page, job->count);
    ++unresolved_;
}

std::uint64_t JobBoard::queued() const {
    std::uint64_t items = 0;
    for (std::size_t page = 0; page < jobs_.size(); ++page) {
        // A job may be on several pages.
        if (jobs_[page] != nullptr && jobs_[page]->postings.back().page == page) {
            items += jobs_[page]->count - jobs_[page]->done.total();
        }
    }
    return items;
}

JobHandle JobBoard::any_job() const {
    return *std::find_if(jobs_.begin(), jobs_.end(),
                         [](const JobHandle& job) { return job != nullptr; });
}

/// What may throw comes before a page is touched.
void JobBoard::make_room_for(std::size_t page) {
    if (page >= first_positions_.size()) {
        first_positions_.resize(page + 1);
    }
    if (page >= jobs_.size()) {
        jobs_.resize(page + 1);
    }
}

/// Puts the job's last posting up on that page, with so many positions. Workers that slept over the
/// end of the page's last job may be looking at it: the new claim word comes first, so that no swap
/// of the old one succeeds from here on, and the serial number last.
void JobBoard::put_up(const JobHandle& job, std::size_t index, std::uint64_t positions) {
    jobs_[index] = job;
    used_[index / 64] |= std::uint64_t{1} << (index % 64);
    JobPage& page = layout_.job(index);
    const std::uint64_t first = first_positions_[index];
    const std::uint64_t serial = ++last_serial_;
    layout_.words(index).claim.store(
        ClaimWord::make(first, taker::nobody, layout_.pool().secret, serial).bits,
        std::memory_order_release);
    page.close_word.store(0, std::memory_order_relaxed);
    page.cancelled.store(0, std::memory_order_relaxed);
    page.stop_at.store(0, std::memory_order_relaxed);
    page.limit.store(first + positions, std::memory_order_release);
    page.serial.store(serial, std::memory_order_release);
    if (page.terms.only_worker >= 0) {
        put_up_for_one(index, page.terms.only_worker);
    } else {
        layout_.pool().active.set(index, true);
    }
    if (page.terms.timeout_ns != 0) {
        update_shortest_timeout();
    }
}

/// The worker finds it in its own line, where no other one looks. While there is one already, all
/// workers meet it among the others.
void JobBoard::put_up_for_one(std::size_t page, int worker) {
    Word& own = layout_.line(worker).own_job;
    if (own.load(std::memory_order_relaxed) != 0) {
        layout_.pool().active.set(page, true);
        return;
    }
    layout_.pool().own_jobs.fetch_add(1, std::memory_order_release);
    layout_.pool().active.set_hidden(page, true);
    own.store(page + 1, std::memory_order_release);
}

void JobBoard::take_down(std::size_t page) {
    if (const int worker = layout_.job(page).terms.only_worker; worker >= 0) {
        Word& own = layout_.line(worker).own_job;
        if (own.load(std::memory_order_relaxed) == page + 1) {
            own.store(0, std::memory_order_release);
            layout_.pool().active.set_hidden(page, false);
            layout_.pool().own_jobs.fetch_sub(1, std::memory_order_release);
            return;
        }
    }
    layout_.pool().active.set(page, false);
}

bool JobBoard::post_again(const JobHandle& job, std::span<const Extent> extents,
                          std::uint64_t positions) {
    const std::optional<std::size_t> index = free_page(positions);
    if (!index) {
        return false;
    }
    make_room_for(*index);
    const std::uint64_t first = first_positions_[*index];
    Block block(extents.size_bytes());
    std::transform(extents.begin(), extents.end(), reinterpret_cast<Extent*>(block.data()),
                   [&](const Extent& extent) {
                       return Extent{extent.position + first, extent.shift - first};
                   });
    const std::size_t from = job->postings.back().page;
    JobPage& page = layout_.job(*index);
    // What the terms point to lies on the job's first page or in a block. Both stay until the job
    // is resolved.
    page.terms = layout_.job(from).terms;
    page.shift = 0;
    page.guarded = true;
    page.extents = reinterpret_cast<const Extent*>(block.data());
    page.extent_count = extents.size();
    job->more_blocks.push_back(std::move(block));
    job->postings.push_back(
        {.page = *index, .base_positions = first + positions, .base_count = job->count});
    put_up(job, *index, positions);
    // Threads that wait for the job listen to its old bell.
    ring(from);
    return true;
}

std::size_t JobBoard::put_up(Job& job, std::span<const ItemEntry> items) const {
    std::size_t added = 0;
    while (added < items.size() && job.count < Feed::most_items &&
           job.feed.has_room(job.count, job.done)) {
        job.feed.put(job.count++, items[added++]);
    }
    const Job::Posting& posting = job.postings.back();
    layout_.job(posting.page)
        .limit.store(posting.base_positions + (job.count - posting.base_count),
                     std::memory_order_seq_cst);
    return added;
}

void JobBoard::end_feeds() {
    for (const JobHandle& held : jobs_) {
        if (const JobHandle job = held; job != nullptr) {
            job->open = false;
            finish_if_complete(*job);
        }
    }
}

/// Pokes the fork server if a deadline may come before its next look.
void JobBoard::update_shortest_timeout() const {
    std::uint64_t shortest = 0;
    for (std::size_t word = 0; word < used_.size(); ++word) {
        for (std::uint64_t bits = used_[word]; bits != 0; bits &= bits - 1) {
            const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
            const std::uint64_t timeout = layout_.job(index).terms.timeout_ns;
            shortest = timeout != 0 && (shortest == 0 || timeout < shortest) ? timeout : shortest;
        }
    }
    layout_.pool().shortest_timeout.store(shortest, std::memory_order_seq_cst);
    const std::uint64_t look = layout_.server().next_look.load(std::memory_order_seq_cst);
    if (shortest != 0 && (look == 0 || look > os::now_ns() + shortest)) {
        server_.poke();
    }
}

void JobBoard::tell_end(const Job& job) const {
    const std::size_t first = job.postings.front().page;
    timeline_->job_ended(job, layout_.job(first).serial.load(std::memory_order_relaxed));
}

void JobBoard::finish(Job& job) {
    job.resolved = true;
    --unresolved_;
    if (timeline_ != nullptr) [[unlikely]] {
        tell_end(job);
    }
    JobHandle last;
    bool timed = false;
    for (const Job::Posting& posting : job.postings) {
        JobPage& page = layout_.job(posting.page);
        take_down(posting.page);
        page.serial.store(0, std::memory_order_release);
        used_[posting.page / 64] &= ~(std::uint64_t{1} << (posting.page % 64));
        timed = timed || page.terms.timeout_ns != 0;
        page.terms.timeout_ns = 0;
        // Beyond all that was ever claimed of this job, and more if nothing was.
        first_positions_[posting.page] = page.limit.load(std::memory_order_relaxed) + 1;
        last = std::move(jobs_[posting.page]);
        jobs_[posting.page] = nullptr;
        if (page.waiters.load(std::memory_order_relaxed) != 0) {
            ring(posting.page);
        }
    }
    if (timed) {
        update_shortest_timeout();
    }
    job.release_memory();
}

void JobBoard::give_up(Job& job, const Failure& why) {
    job.open = false;
    job.drop(0, job.count, why);
    if (!job.resolved) {
        finish(job);
    }
}

void JobBoard::give_up_all(const Failure& why) {
    for (const JobHandle& held : jobs_) {
        if (const JobHandle job = held; job != nullptr) {
            give_up(*job, why);
        }
    }
}

void JobBoard::ring(std::size_t page) const { ring_bell(layout_, page); }

std::size_t JobBoard::add_waiter_for_any(const Job& job) const {
    const std::size_t page = job.postings.back().page;
    layout_.job(page).waiters.fetch_add(waiter_for_any, std::memory_order_seq_cst);
    // Whoever rang before it could see that: what it published is seen from here on.
    static_cast<void>(layout_.words(page).bell.load(std::memory_order_seq_cst));
    return page;
}

void JobBoard::remove_waiter_for_any(std::size_t page) const {
    layout_.job(page).waiters.fetch_sub(waiter_for_any, std::memory_order_seq_cst);
}

Job* JobBoard::find(std::size_t page, std::uint64_t serial) const {
    if (page >= jobs_.size() || jobs_[page] == nullptr ||
        layout_.job(page).serial.load(std::memory_order_relaxed) != serial) {
        return nullptr;
    }
    return jobs_[page].get();
}

/// Closes a posting: no more of it is claimed, and what was not claimed is dropped.
void JobBoard::close_posting(Job& job, Job::Posting& posting, const Failure& why) {
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
        const ClaimWord shut = ClaimWord::make(seen.next(), taker::closed, secret, serial);
        if (claim.compare_exchange_strong(seen.bits, shut.bits, std::memory_order_seq_cst)) {
            break;
        }
    }
    if (!seen.valid(secret, serial)) {
        damaged_ = true;  // the reconciliation finds out what was claimed
        return;
    }
    const std::uint64_t limit = page.limit.load(std::memory_order_relaxed);
    if (page.extents == nullptr) {
        job.drop(std::min(seen.next(), limit) + page.shift, limit + page.shift, why);
    }
    for (std::size_t i = 0; i < page.extent_count; ++i) {
        const Extent& extent = page.extents[i];
        const std::uint64_t end =
            i + 1 < page.extent_count ? std::min(page.extents[i + 1].position, limit) : limit;
        if (const std::uint64_t begin = std::max(extent.position, seen.next()); begin < end) {
            job.drop(begin + extent.shift, end + extent.shift, why);
        }
    }
    posting.closed = true;  // once nothing can fail any more
}

void JobBoard::stop(Job& job, std::uint64_t grace) {
    if (job.resolved) {
        return;
    }
    const std::uint64_t at = os::now_ns() + grace;
    for (const Job::Posting& posting : job.postings) {
        Word& stop_at = layout_.job(posting.page).stop_at;
        const std::uint64_t before = stop_at.load(std::memory_order_relaxed);
        stop_at.store(before == 0 ? at : std::min(before, at), std::memory_order_release);
    }
    close(job, true);
    if (!job.resolved) {
        layout_.pool().stops.fetch_add(1, std::memory_order_seq_cst);
        server_.poke();
    }
}

void JobBoard::close(Job& job, bool claimed_too) {
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
    finish_if_complete(job);
}

bool JobBoard::is_closed_by_worker(const Job& job) const {
    if (job.postings.back().closed) {
        return false;  // by the client itself
    }
    const std::size_t index = job.postings.back().page;
    const ClaimWord word{layout_.words(index).claim.load(std::memory_order_acquire)};
    return word.taker() == taker::closed &&
           word.valid(layout_.pool().secret,
                      layout_.job(index).serial.load(std::memory_order_relaxed));
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
