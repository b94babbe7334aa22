#include "engine/worker/stop_requests.hpp"

#include <cstdint>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>

#include <procpool/this_task.hpp>

#include "engine/shared/current_task.hpp"
#include "os/fatal_signals.hpp"
#include "os/futex.hpp"
#include "os/process_mark.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// Which item of which claim, and of one that has parts and a timeout, which part.
struct Which {
    std::uint64_t serial = 0;
    std::uint64_t current = 0;
    std::uint64_t verdict = 0;
    [[nodiscard]] bool operator==(const Which&) const = default;
};

/// The source of the tokens of the item that runs, and a thread that listens to the fork server
/// once a task has asked for a token.
class StopRequests {
public:
    StopRequests(const Slot& slot, const ServerLine& line) : slot_(slot), line_(line) {}

    std::stop_token token() {
        std::unique_lock lock(mutex_);
        const Which item = running_item();
        if (!is_running(item.current)) {
            return {};
        }
        if (!source_ || of_ != item) {
            source_.emplace();
            of_ = item;
        }
        if (!listens_) {
            listens_ = start_listening();
        }
        std::stop_source source = *source_;
        lock.unlock();
        // It may have been asked before there was a token.
        request_if_asked(source, item);
        return source.get_token();
    }

private:
    [[nodiscard]] Which running_item() const {
        return {slot_.serial.load(std::memory_order_relaxed),
                slot_.current.load(std::memory_order_relaxed),
                slot_.verdict.load(std::memory_order_relaxed)};
    }

    void request_if_asked(std::stop_source& source, const Which& item) const {
        const Which asked{line_.asked_serial.load(std::memory_order_acquire),
                          line_.asked_current.load(std::memory_order_acquire),
                          line_.asked_verdict.load(std::memory_order_acquire)};
        if (asked == item) {
            source.request_stop();
        }
    }

    /// False if no thread can be had: then a token says what was asked before it was taken.
    bool start_listening() {
        const os::SignalBlock block;  // the program's signals are for the task's threads
        try {
            std::thread([this] { listen(); }).detach();
            return true;
        } catch (const std::system_error&) {
            return false;
        }
    }

    [[noreturn]] void listen() {
        os::unblock_fatal_signals();  // what the task has called back here may crash
        for (;;) {
            const std::uint32_t heard = line_.asks.load(std::memory_order_seq_cst);
            std::unique_lock lock(mutex_);
            std::optional<std::stop_source> source = source_;
            const Which item = of_;
            lock.unlock();
            // What the task has called back runs without the lock.
            if (source) {
                request_if_asked(*source, item);
            }
            os::futex_wait(line_.asks, heard, os::no_timeout);
        }
    }

    const Slot& slot_;
    const ServerLine& line_;
    std::mutex mutex_;
    std::optional<std::stop_source> source_;
    Which of_;  // that source
    bool listens_ = false;
};

// Never destroyed: its thread uses it until the process ends. Without memory for it no token is
// ever requested.
StopRequests* of_this_worker = nullptr;

}  // namespace

void take_stop_requests(const Slot& slot, const ServerLine& line) noexcept {
    of_this_worker = new (std::nothrow) StopRequests(slot, line);
}

}  // namespace engine

std::stop_token this_task::stop_token() {
    if (const std::optional<std::stop_token> token = engine::token_here()) {
        return *token;
    }
    // In a process that a task has forked, nobody listens.
    const bool is_worker = engine::of_this_worker != nullptr && os::worker_mark().load() != 0;
    return is_worker ? engine::of_this_worker->token() : std::stop_token();
}

PROCPOOL_END_NAMESPACE
