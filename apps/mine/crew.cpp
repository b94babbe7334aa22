#include "crew.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <procpool/procpool.hpp>

namespace mine {

namespace {

/// So many chunks wait for each worker: one that it works on, the next, and one to spare while
/// the oldest is late.
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

    void give(const Chunk& chunk) override {
        Task task = to_work_off(chunk);
        reports_.push_back(task.get_future());
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        bell_.notify_one();
    }
    void give_first(const Chunk& chunk) override {
        Task task = to_work_off(chunk);
        reports_.push_front(task.get_future());
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_front(std::move(task));
        }
        bell_.notify_one();
    }
    std::optional<Report> take(std::chrono::nanoseconds patience) override {
        if (reports_.front().wait_for(patience) != std::future_status::ready) return std::nullopt;
        Report report = reports_.front().get();
        reports_.pop_front();
        return report;
    }
    [[nodiscard]] int workers() const override { return static_cast<int>(threads_.size()); }
    [[nodiscard]] std::size_t depth() const override { return chunks_a_worker * threads_.size(); }
    [[nodiscard]] std::size_t deaths() override { return 0; }

private:
    using Task = std::packaged_task<Report()>;

    [[nodiscard]] Task to_work_off(const Chunk& chunk) const {
        return Task([this, chunk] { return work_off(search_, chunk, wanted_); });
    }

    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        for (;;) {
            bell_.wait(lock, stop, [this] { return !tasks_.empty(); });
            if (stop.stop_requested()) return;
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

/// Counts workers that died: those that took an item along, and those that are not there any more.
class Roll {
public:
    explicit Roll(const procpool::Pool& pool) : pool_(pool) { call(); }

    void call() {
        const std::vector<pid_t> pids = pool_.worker_pids();
        const std::set<pid_t> present(pids.begin(), pids.end());
        for (const pid_t pid : present_) {
            if (!present.contains(pid)) dead_.insert(pid);
        }
        present_ = present;
    }
    void strike(pid_t pid) { dead_.insert(pid); }
    [[nodiscard]] std::size_t dead() const { return dead_.size(); }

private:
    const procpool::Pool& pool_;
    std::set<pid_t> present_;
    std::set<pid_t> dead_;
};

class ProcessCrew final : public Crew {
public:
    ProcessCrew(int processes, const Search& search, std::uint64_t wanted)
        : search_(search), wanted_(wanted), pool_(processes), roll_(pool_) {}

    void give(const Chunk& chunk) override { given_.push_back({chunk, start(chunk)}); }
    void give_first(const Chunk& chunk) override { given_.push_front({chunk, start(chunk)}); }

    std::optional<Report> take(std::chrono::nanoseconds patience) override {
        Given& oldest = given_.front();
        const bool ready = oldest.report.wait(patience);
        roll_.call();
        if (!ready) return std::nullopt;
        try {
            Report report = oldest.report.get();
            given_.pop_front();
            return report;
        } catch (const procpool::WorkerDied& death) {
            // Rather than by TaskOptions::retries, so that every death is heard of.
            roll_.strike(death.worker_pid());
            if (++oldest.deaths > most_deaths) throw;
            oldest.report = start(oldest.chunk);
            return std::nullopt;
        }
    }
    [[nodiscard]] int workers() const override { return pool_.processes(); }
    [[nodiscard]] std::size_t depth() const override {
        return chunks_a_worker * static_cast<std::size_t>(pool_.processes());
    }
    [[nodiscard]] std::size_t deaths() override {
        roll_.call();
        return roll_.dead();
    }

private:
    static constexpr int most_deaths = 100;  // of one chunk: then it is not by chance

    struct Given {
        Chunk chunk;
        procpool::AsyncResult<Report> report;
        int deaths = 0;
    };

    procpool::AsyncResult<Report> start(const Chunk& chunk) {
        return pool_.submit(work_off, search_, chunk, wanted_);
    }

    Search search_;
    std::uint64_t wanted_;
    procpool::Pool pool_;
    Roll roll_;
    std::deque<Given> given_;
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
