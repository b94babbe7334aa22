#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/pages.hpp"
#include "engine/shared/timeline.hpp"
#include "wait/spin_tokens.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Where each part of a pool lies: at the same address in every process. What a call touches lies
/// on few pages: after a rest, the way to each costs as much as the work on it.
class Layout {
public:
    Layout() = default;

    /// Plans a pool of `workers`. Halves the rings and the number of job pages, down to a minimum,
    /// until the pool fits into `largest` bytes. `has_timeline`: with rings of records.
    static Layout plan(int workers, std::size_t largest, bool has_timeline = false);
    /// Writes that nothing was stolen. The pool's secret must be set.
    void begin_thefts() const;
    /// Constructs the objects in this memory, which is all zeroes.
    void place(std::byte* base, std::byte* region_base, std::size_t region_size);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::byte* base() const { return base_; }
    [[nodiscard]] std::byte* region_base() const { return region_base_; }
    [[nodiscard]] std::size_t region_size() const { return region_size_; }
    [[nodiscard]] int workers() const { return workers_; }
    [[nodiscard]] std::size_t jobs() const { return jobs_; }
    /// A power of two.
    [[nodiscard]] std::size_t ring_size() const { return ring_size_; }

    /// The pool's own, or those of all pools of the region: on its first page, which everybody may
    /// write.
    [[nodiscard]] wait::SpinTokens& tokens() const {
        return pool().own_tokens ? common().own_tokens : wait::SpinTokens::at(region_base_);
    }
    [[nodiscard]] PoolPage& pool() const { return *at<PoolPage>(pool_); }
    [[nodiscard]] WorkerLine& line(int worker) const { return at<WorkerLine>(lines_)[worker]; }
    [[nodiscard]] JobPage& job(std::size_t index) const { return first_job_[index]; }
    [[nodiscard]] ServerPage& server() const { return *at<ServerPage>(server_); }
    [[nodiscard]] ServerLine& server_line(int worker) const {
        return at<ServerLine>(server_lines_)[worker];
    }
    [[nodiscard]] CommonWords& common() const { return *at<CommonWords>(common_); }
    /// What was stolen from this worker.
    [[nodiscard]] TheftWords& thefts(int worker) const {
        auto& thefts = common().thefts;
        return thefts[thefts.size() - 1 - static_cast<std::size_t>(worker)];
    }
    [[nodiscard]] JobWords& words(std::size_t index) const { return first_words_[index]; }
    /// Bytes from common() on that everybody may write.
    [[nodiscard]] std::size_t common_size() const { return slots_at_ - common_; }
    /// They lie side by side, since workers look at each other's: each of them has to have the
    /// pages that it looks at in its page table.
    [[nodiscard]] Slot& slot(int worker) const {
        return *at<Slot>(slots_at_ + static_cast<std::size_t>(worker) * slot_size);
    }
    [[nodiscard]] trace::CrashReport& last_words(int worker) const {
        return at<LastWords>(workers_at_ + static_cast<std::size_t>(worker) * worker_size_)->report;
    }
    /// Ties the report of a worker's death to its process.
    [[nodiscard]] std::uint64_t last_words_key(pid_t pid) const {
        return mix(pool().secret ^ static_cast<std::uint64_t>(pid));
    }
    [[nodiscard]] std::byte* ring(int worker) const {
        return at<std::byte>(workers_at_ + static_cast<std::size_t>(worker) * worker_size_ +
                             sizeof(LastWords));
    }
    /// Where a worker writes what it does; only in a pool that has a timeline.
    [[nodiscard]] TimelinePages& records(int worker) const {
        return *at<TimelinePages>(workers_at_ +
                                  static_cast<std::size_t>(worker + 1) * worker_size_ -
                                  sizeof(TimelinePages));
    }
    /// The same of the fork server.
    [[nodiscard]] TimelinePages& server_records() const {
        return *at<TimelinePages>(size_ - sizeof(TimelinePages));
    }

    /// Bytes of a slot; of last words, a ring and records: they follow each other.
    static constexpr std::size_t slot_size =
        (sizeof(Slot) + os::page_size - 1) / os::page_size * os::page_size;
    [[nodiscard]] std::size_t worker_size() const { return worker_size_; }

private:
    template <class T>
    [[nodiscard]] T* at(std::size_t offset) const {
        return reinterpret_cast<T*>(base_ + offset);
    }

    std::byte* base_ = nullptr;
    JobPage* first_job_ = nullptr;  // these two every claim needs
    JobWords* first_words_ = nullptr;
    std::byte* region_base_ = nullptr;
    std::size_t region_size_ = 0;
    int workers_ = 0;
    std::size_t jobs_ = 0;
    std::size_t ring_size_ = 0;
    std::size_t lines_ = 0;
    std::size_t pool_ = 0;
    std::size_t job_pages_ = 0;
    std::size_t server_ = 0;
    std::size_t server_lines_ = 0;
    std::size_t common_ = 0;
    std::size_t job_words_ = 0;
    std::size_t slots_at_ = 0;
    std::size_t workers_at_ = 0;
    std::size_t worker_size_ = 0;
    std::size_t size_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
