#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/fork_server.hpp"
#include "engine/client/job.hpp"
#include "engine/client/timeline.hpp"
#include "engine/shared/layout.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Posts, closes and finishes the jobs that workers can see, each on one page or more
/// (docs/protocol.md, part 4). Guarded by the pool's mutex.
class JobBoard {
public:
    JobBoard(const Layout& layout, const ForkServer& server)
        : layout_(layout), server_(server), used_(layout.jobs() / 64) {}

    /// Tells this when a job begins and ends.
    void tell(Timeline& timeline) { timeline_ = &timeline; }

    /// The lowest free page for so many positions, so that the same few stay warm; nothing while
    /// all are taken. A page never sees a position twice, in whatever job: so a worker that slept
    /// over the end of one cannot take its claim word for that of another. Throws PoolBroken when
    /// no page has so many left.
    [[gnu::hot]] [[nodiscard]] std::optional<std::size_t> free_page(std::uint64_t positions) const;
    /// Puts a filled page up for the workers as the job's first posting: all of its items so far.
    [[gnu::hot]] void post(const JobHandle& job, std::size_t page);
    /// Puts positions of a job up again, guarded, as the last page that it had describes it. False
    /// if no page is left. Throws std::bad_alloc.
    [[nodiscard]] bool post_again(const JobHandle& job, std::span<const Extent> extents,
                                  std::uint64_t positions);
    /// Puts up more items of a job that is fed, as many as there are entries for. Returns how many.
    [[nodiscard]] std::size_t put_up(Job& job, std::span<const ItemEntry> items) const;
    /// No job is fed any more.
    void end_feeds();

    /// No more items of the job are claimed; `claimed_too`: and none of those claimed is started.
    /// Items that were not claimed are dropped.
    void close(Job& job, bool claimed_too);
    /// The same for those claimed too, and what runs after this time, in ns, is killed.
    void stop(Job& job, std::uint64_t grace);
    /// Did a worker close it, because a search found something or an item failed (fail_fast)?
    [[gnu::hot]] [[nodiscard]] bool is_closed_by_worker(const Job& job) const;
    /// If one did, closes it here too.
    void close_if_a_worker_did(Job& job) {
        if (!job.resolved && is_closed_by_worker(job)) {
            close(job, !job.finishes_claimed);
        }
    }

    /// If every item of the job has reached its receiver: frees its pages, and wakes the threads
    /// that wait for it.
    [[gnu::hot]] void finish_if_complete(Job& job) {
        if (!job.resolved && job.is_complete()) {
            finish(job);
        }
    }
    /// Drops the items of the job that are not done, and finishes it.
    void give_up(Job& job, const Failure& why);
    /// The same for every job.
    void give_up_all(const Failure& why);

    /// A thread waits for this job or others, until it is removed from the page that is returned.
    [[nodiscard]] std::size_t add_waiter_for_any(const Job& job) const;
    void remove_waiter_for_any(std::size_t page) const;
    /// Rings the bell of a page.
    void ring(std::size_t page) const;

    /// The job on a page if it has that serial number; otherwise null.
    [[gnu::hot]] [[nodiscard]] Job* find(std::size_t page, std::uint64_t serial) const;
    /// By page; empty where it is free.
    [[nodiscard]] const std::vector<JobHandle>& jobs() const { return jobs_; }
    /// One that is on a page. There must be one.
    [[nodiscard]] JobHandle any_job() const;
    [[nodiscard]] std::size_t unresolved() const { return unresolved_; }
    /// How many items of these jobs nothing has come of yet.
    [[nodiscard]] std::uint64_t queued() const;

    /// Since the last call of this: was a claim word found that a task wrote over?
    [[nodiscard]] bool take_damage() { return std::exchange(damaged_, false); }

    /// Prefetches the code that ends a job; about as many bytes as it has on x86-64.
    [[gnu::hot]] void fetch_code() const {
        wait::fetch_code(&JobBoard::find, 0x40);
        wait::fetch_code(&JobBoard::finish, 0x200);
        wait::fetch_code(&JobBoard::take_down, 0x80);
        wait::fetch_code(&Job::release_memory, 0x1c0);
    }

private:
    [[gnu::hot]] void make_room_for(std::size_t page);
    [[gnu::hot]] void put_up(const JobHandle& job, std::size_t page, std::uint64_t positions);
    void put_up_for_one(std::size_t page, int worker);
    [[gnu::hot]] void take_down(std::size_t page);
    [[nodiscard]] std::uint64_t first_position(std::size_t page) const {
        return page < first_positions_.size() ? first_positions_[page] : 0;
    }
    void tell_end(const Job& job) const;
    void close_posting(Job& job, Job::Posting& posting, const Failure& why);
    [[gnu::hot]] void finish(Job& job);
    void update_shortest_timeout() const;

    const Layout& layout_;
    const ForkServer& server_;
    Timeline* timeline_ = nullptr;
    std::uint64_t last_serial_ = 0;
    std::vector<JobHandle> jobs_;
    std::vector<std::uint64_t> used_;             // a bit per page
    std::vector<std::uint64_t> first_positions_;  // of the job that a page has, or has next
    std::size_t unresolved_ = 0;
    bool damaged_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
