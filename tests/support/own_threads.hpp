#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/executor.hpp>
#include <procpool/detail/pool_members.hpp>
#include <procpool/options.hpp>

namespace support {

/// An executor with threads of its own: ThreadSanitizer sees all that it does, as it does not of a
/// library that was compiled without it.
class OwnThreads : public procpool::detail::Executor {
public:
    explicit OwnThreads(int threads) {
        for (int i = 0; i < threads; ++i) {
            threads_.emplace_back([this] { run(); });
        }
    }
    OwnThreads(const OwnThreads&) = delete;
    OwnThreads& operator=(const OwnThreads&) = delete;
    ~OwnThreads() override {
        enqueue(nullptr);
        threads_.clear();
    }

    void enqueue(std::function<void()> work) override {
        const std::scoped_lock lock(mutex_);
        queue_.push_back(std::move(work));
        changed_.notify_one();
    }

private:
    void run() {
        for (;;) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !queue_.empty(); });
            if (queue_.front() == nullptr) {
                changed_.notify_one();
                return;
            }
            const std::function<void()> work = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            work();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::jthread> threads_;
};

/// As procpool::ThreadPool, on such threads.
class PoolOfOwnThreads : public procpool::detail::PoolMembers<PoolOfOwnThreads> {
public:
    explicit PoolOfOwnThreads(int threads)
        : PoolOfOwnThreads(procpool::PoolOptions{.processes = threads}) {}
    explicit PoolOfOwnThreads(const procpool::PoolOptions& options)
        : PoolOfOwnThreads(options, std::make_unique<OwnThreads>(
                                        procpool::detail::engine_options(options).processes)) {}
    PoolOfOwnThreads(const procpool::PoolOptions& options,
                     std::unique_ptr<procpool::detail::Executor> executor)
        : engine_(std::make_shared<procpool::detail::Engine>(
              procpool::detail::engine_options(options), std::move(executor))) {}
    PoolOfOwnThreads(const PoolOfOwnThreads&) = delete;
    PoolOfOwnThreads& operator=(const PoolOfOwnThreads&) = delete;
    ~PoolOfOwnThreads() {
        engine_->terminate();
        engine_->join();
    }

    [[nodiscard]] const std::shared_ptr<procpool::detail::Engine>& shared_engine() const {
        return engine_;
    }

private:
    std::shared_ptr<procpool::detail::Engine> engine_;
};

}  // namespace support
