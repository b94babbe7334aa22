#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <procpool/detail/callbacks.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/stop_link.hpp>

#include "face/journal_call.hpp"
#include "os/own.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// Says on stderr what a callback threw. Only inside a catch block.
void report_current_exception() noexcept {
    try {
        const Failure failure = decode_failure(encode_current_exception(0, 0));
        const std::string report = "procpool: a callback given to AsyncResult::then threw " +
                                   failure.type_name +
                                   (failure.message.empty() ? "" : ": " + failure.message) + '\n';
        std::fputs(report.c_str(), stderr);
    } catch (...) {
        std::fputs("procpool: a callback given to AsyncResult::then threw\n", stderr);
    }
}

/// The thread that calls callbacks, and what waits for it. No lock is held while it calls one.
class Callbacks {
public:
    Callbacks() = default;
    Callbacks(const Callbacks&) = delete;
    Callbacks& operator=(const Callbacks&) = delete;
    ~Callbacks() = default;

    void add(PendingCallback&& pending) {
        {
            const std::scoped_lock lock(mutex_);
            if (!thread_.joinable() && !ending_) {
                start();
            }
            fresh_.push_back(std::move(pending));
            has_news_.store(true, std::memory_order_seq_cst);
        }
        called_.notify_one();
        stop_wait_any();
    }

    /// Calls those whose result is there, and no more.
    void end() {
        std::thread thread;
        {
            const std::scoped_lock lock(mutex_);
            if (!thread_.joinable() || thread_.get_id() == std::this_thread::get_id()) {
                return;  // nothing to end, or a callback that ends the program
            }
            ending_ = true;
            has_news_.store(true, std::memory_order_seq_cst);
            thread = std::move(thread_);
        }
        called_.notify_one();
        stop_wait_any();
        thread.join();
    }

private:
    /// Its thread has all signals blocked, so that handlers of the program run where they would
    /// without it.
    void start() {
        const os::SignalBlock block;
        static std::atomic<bool> ends_at_exit{false};  // a forked child inherits that, too
        if (!ends_at_exit.exchange(true)) {
            static_cast<void>(std::atexit([] { os::own<Callbacks>().end(); }));
        }
        thread_ = std::thread([this] { run(); });
    }

    void run() {
        std::vector<PendingCallback> pending;
        for (bool goes_on = true; goes_on;) {
            try {
                goes_on = take_fresh(pending);
                call_resolved(pending, goes_on ? Clock::time_point::max() : Clock::now());
            } catch (const std::bad_alloc&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(10));  // nothing is lost
            }
        }
    }

    /// Waits while there is none at all. False at the end.
    bool take_fresh(std::vector<PendingCallback>& pending) {
        std::unique_lock lock(mutex_);
        called_.wait(lock, [&] { return ending_ || !fresh_.empty() || !pending.empty(); });
        has_news_.store(false, std::memory_order_seq_cst);
        pending.reserve(pending.size() + fresh_.size());
        for (PendingCallback& fresh : fresh_) {
            pending.push_back(std::move(fresh));
        }
        fresh_.clear();
        return !ending_;
    }

    /// Waits until one is resolved, or there is news, and calls all that are.
    void call_resolved(std::vector<PendingCallback>& pending, Clock::time_point deadline) {
        std::vector<EngineJob> jobs;
        jobs.reserve(pending.size());
        for (const PendingCallback& one : pending) {
            jobs.push_back({one.engine.get(), one.job});
            if (one.journal != nullptr) {
                deadline = std::min(deadline, one.journal->due());
                if (!one.journal->tend()) {
                    one.engine->cancel(one.job, std::chrono::nanoseconds(0));
                }
            }
        }
        std::vector<PendingCallback> resolved;
        const std::vector<std::size_t> which = wait_any(jobs, deadline, &has_news_);
        resolved.reserve(which.size());
        for (const std::size_t i : which) {
            resolved.push_back(std::move(pending[i]));
        }
        std::erase_if(pending, [](const PendingCallback& one) { return one.callback == nullptr; });
        for (PendingCallback& one : resolved) {
            try {
                one.callback->call(*one.sink);
            } catch (...) {
                report_current_exception();
            }
            one.engine->forget(one.job);
            const PendingCallback done = std::move(one);
        }
    }

    std::mutex mutex_;
    std::condition_variable called_;
    std::vector<PendingCallback> fresh_;
    std::atomic<bool> has_news_{false};
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace

void call_later(PendingCallback&& pending) { os::own<Callbacks>().add(std::move(pending)); }

}  // namespace detail
PROCPOOL_END_NAMESPACE
