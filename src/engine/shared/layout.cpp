#include "engine/shared/layout.hpp"

#include <new>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Layout Layout::plan(int workers, std::size_t largest, bool has_timeline) {
    const std::size_t records = has_timeline ? sizeof(TimelinePages) : 0;
    Layout layout;
    layout.workers_ = workers;
    layout.jobs_ = ActiveJobs::most;
    layout.ring_size_ = std::size_t{16} << 20U;
    for (;;) {
        const auto count = static_cast<std::size_t>(workers);
        layout.lines_ = 0;
        layout.pool_ = count * sizeof(WorkerLine);
        layout.job_pages_ = os::round_to_pages(layout.pool_ + sizeof(PoolPage));
        layout.server_ = layout.job_pages_ + layout.jobs_ * sizeof(JobPage);
        layout.server_lines_ = layout.server_ + sizeof(ServerPage);
        layout.common_ = os::round_to_pages(layout.server_lines_ + count * sizeof(ServerLine));
        layout.job_words_ = layout.common_ + sizeof(CommonWords);
        layout.slots_at_ = os::round_to_pages(layout.job_words_ + layout.jobs_ * sizeof(JobWords));
        layout.workers_at_ = layout.slots_at_ + count * slot_size;
        layout.worker_size_ = sizeof(LastWords) + layout.ring_size_ + records;
        layout.size_ = layout.workers_at_ + count * layout.worker_size_ + records;
        const bool smallest = layout.jobs_ == 64 && layout.ring_size_ == std::size_t{256} << 10U;
        if (layout.size_ <= largest || smallest) {
            return layout;
        }
        layout.jobs_ = layout.jobs_ > 64 ? layout.jobs_ / 2 : 64;
        layout.ring_size_ = layout.ring_size_ > std::size_t{256} << 10U ? layout.ring_size_ / 2
                                                                        : std::size_t{256} << 10U;
    }
}

void Layout::place(std::byte* base, std::byte* region_base, std::size_t region_size) {
    base_ = base;
    first_job_ = at<JobPage>(job_pages_);
    first_words_ = at<JobWords>(job_words_);
    region_base_ = region_base;
    region_size_ = region_size;
    // Job pages, job words, rings and records need no constructor: all zeroes is their initial
    // state.
    new (&pool()) PoolPage();
    new (&server()) ServerPage();
    new (&common()) CommonWords();
    for (int worker = 0; worker < workers_; ++worker) {
        new (&line(worker)) WorkerLine();
        new (&server_line(worker)) ServerLine();
        slot(worker).phase.store(phase::idle, std::memory_order_relaxed);
        slot(worker).current.store(resting_at(0), std::memory_order_release);
        slot(worker).frame_used.store(detail::seal(0), std::memory_order_relaxed);
    }
}

void Layout::begin_thefts() const {
    for (int worker = 0; worker < workers_; ++worker) {
        thefts(worker).word.store(
            TheftWord{}.bits(pool().secret, static_cast<std::uint64_t>(worker)),
            std::memory_order_relaxed);
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
