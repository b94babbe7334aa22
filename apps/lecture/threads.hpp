#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace lecture {

/// The peer on threads: std::jthreads, a counter that says which item is next, and a condition
/// variable that wakes them. One thread makes it, calls it and drops it.
class Threads {
public:
    explicit Threads(int count) {
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([this] { work(); });
        }
    }

    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    ~Threads() {
        const std::lock_guard lock(mutex_);
        leave_ = true;
        bell_.notify_all();
    }

    /// f(item) for every item; the results are in the order of the items. Blocks until all are
    /// done. An exception ends the program, as it does on any thread.
    template <class F, class T>
    auto map(F f, const std::vector<T>& items) {
        std::vector<std::decay_t<std::invoke_result_t<F&, const T&>>> results(items.size());
        run(items.size(), [&](std::size_t i) { results[i] = f(items[i]); });
        return results;
    }

private:
    void run(std::size_t count, const std::function<void(std::size_t)>& one) {
        std::unique_lock lock(mutex_);
        one_ = &one;
        count_ = count;
        next_ = 0;
        busy_ = threads_.size();
        ++round_;
        bell_.notify_all();
        done_.wait(lock, [this] { return busy_ == 0; });
    }

    void work() {
        std::unique_lock lock(mutex_);
        for (std::size_t seen = 0;;) {
            bell_.wait(lock, [&] { return leave_ || round_ != seen; });
            if (leave_) {
                return;
            }
            seen = round_;
            lock.unlock();
            for (std::size_t i = next_++; i < count_; i = next_++) {
                (*one_)(i);
            }
            lock.lock();
            if (--busy_ == 0) {
                done_.notify_one();
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable bell_;  // a round has begun, or it is time to leave
    std::condition_variable done_;  // the round is over
    std::size_t round_ = 0;
    std::size_t busy_ = 0;  // threads that are still in this round
    bool leave_ = false;

    // The work of the round. Written only while no thread is in a round.
    const std::function<void(std::size_t)>* one_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::size_t> next_ = 0;

    std::vector<std::jthread> threads_;  // last: they are joined before the rest goes
};

}  // namespace lecture
