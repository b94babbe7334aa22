#include "crew.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tool/in_order.hpp"
#include "tool/workers.hpp"

namespace mine {

namespace {

/// How many chunks are given for each worker: the one that it searches, the next, and one in
/// reserve while the first of all is late.
constexpr std::size_t chunks_a_worker = 3;

class PlainCrew final : public Crew {
public:
    PlainCrew(const Search& search, std::uint64_t wanted) : search_(search), wanted_(wanted) {}

    void give(const Chunk& chunk) override { given_.push_back(chunk); }
    void give_first(const Chunk& chunk) override { given_.push_front(chunk); }
    std::optional<Report> take(std::chrono::nanoseconds /*patience*/) override {
        const Chunk chunk = given_.front();
        given_.pop_front();
        return work_off(search_, chunk, wanted_);
    }
    [[nodiscard]] int workers() const override { return 1; }
    [[nodiscard]] std::size_t depth() const override { return 1; }
    [[nodiscard]] std::size_t deaths() override { return 0; }

private:
    Search search_;
    std::uint64_t wanted_;
    std::deque<Chunk> given_;
};

class ThreadCrew final : public Crew {
public:
    ThreadCrew(int threads, const Search& search, std::uint64_t wanted)
        : search_(search), wanted_(wanted) {
        for (int i = 0; i < threads; ++i) {
            threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
        }
    }

    void give(const Chunk& chunk) override { put(chunk, false); }
    void give_first(const Chunk& chunk) override { put(chunk, true); }
    std::optional<Report> take(std::chrono::nanoseconds patience) override {
        if (reports_.front().wait_for(patience) != std::future_status::ready) {
            return std::nullopt;
        }
        Report report = reports_.front().get();
        reports_.pop_front();
        return report;
    }
    [[nodiscard]] int workers() const override { return static_cast<int>(threads_.size()); }
    [[nodiscard]] std::size_t depth() const override { return chunks_a_worker * threads_.size(); }
    [[nodiscard]] std::size_t deaths() override { return 0; }

private:
    using Task = std::packaged_task<Report()>;

    void put(const Chunk& chunk, bool first) {
        Task task = to_work_off(chunk);
        reports_.insert(first ? reports_.begin() : reports_.end(), task.get_future());
        {
            const std::lock_guard lock(mutex_);
            tasks_.insert(first ? tasks_.begin() : tasks_.end(), std::move(task));
        }
        bell_.notify_one();
    }
    [[nodiscard]] Task to_work_off(const Chunk& chunk) const {
        return Task([this, chunk] { return work_off(search_, chunk, wanted_); });
    }

    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        for (;;) {
            bell_.wait(lock, stop, [this] { return !tasks_.empty(); });
            if (stop.stop_requested()) {
                return;
            }
            Task task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
    }

    Search search_;
    std::uint64_t wanted_;
    std::deque<std::future<Report>> reports_;

    std::mutex mutex_;
    std::condition_variable_any bell_;
    std::deque<Task> tasks_;
    std::vector<std::jthread> threads_;  // last: they are joined before the rest goes
};

class ProcessCrew final : public Crew {
public:
    ProcessCrew(int processes, const Search& search, std::uint64_t wanted)
        : workers_(processes),
          chunks_(
              workers_,
              [this, search, wanted](const Chunk& chunk, int /*deaths*/) {
                  return workers_.pool().submit(work_off, search, chunk, wanted);
              },
              name_of) {}

    void give(const Chunk& chunk) override { chunks_.give(chunk); }
    void give_first(const Chunk& chunk) override { chunks_.give_first(chunk); }
    std::optional<Report> take(std::chrono::nanoseconds patience) override {
        return chunks_.take(patience);
    }
    [[nodiscard]] int workers() const override { return workers_.processes(); }
    [[nodiscard]] std::size_t depth() const override {
        return chunks_a_worker * static_cast<std::size_t>(workers_.processes());
    }
    [[nodiscard]] std::size_t deaths() override { return workers_.deaths(); }

private:
    static std::string name_of(const Chunk& chunk) {
        const std::string candidates = fmt::format("the chunk of candidates {} to {}", chunk.first,
                                                   chunk.first + chunk.count - 1);
        return chunk.length == 0 ? candidates
                                 : fmt::format("{} of {} letters", candidates, chunk.length);
    }

    tool::Workers workers_;
    tool::InOrder<Chunk, Report> chunks_;
};

}  // namespace

std::unique_ptr<Crew> make_plain_crew(const Search& search, std::uint64_t wanted) {
    return std::make_unique<PlainCrew>(search, wanted);
}

std::unique_ptr<Crew> make_thread_crew(int threads, const Search& search, std::uint64_t wanted) {
    return std::make_unique<ThreadCrew>(threads, search, wanted);
}

std::unique_ptr<Crew> make_process_crew(int processes, const Search& search, std::uint64_t wanted) {
    return std::make_unique<ProcessCrew>(processes, search, wanted);
}

}  // namespace mine
