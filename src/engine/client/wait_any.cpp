#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <procpool/detail/engine.hpp>

#include "engine/shared/times.hpp"
#include "memory/region.hpp"
#include "wait/news.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

wait::News& news() { return wait::News::at(memory::Region::current().base()); }

/// Listens to some jobs while it lives.
class Listening {
public:
    explicit Listening(std::span<const EngineJob> jobs) {
        to_.reserve(jobs.size());
        for (const EngineJob& job : jobs) {
            if (const std::optional<std::size_t> listening = job.engine->listen(job.job)) {
                to_.emplace_back(job.engine, *listening);
            }
        }
    }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
    ~Listening() {
        for (const auto& [engine, listening] : to_) {
            engine->unlisten(listening);
        }
    }

private:
    std::vector<std::pair<Engine*, std::size_t>> to_;
};

std::vector<std::size_t> resolved_of(std::span<const EngineJob> jobs) {
    std::vector<std::size_t> resolved;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (jobs[i].engine->resolved(jobs[i].job)) {
            resolved.push_back(i);
        }
    }
    return resolved;
}

}  // namespace

std::vector<std::size_t> wait_any(std::span<const EngineJob> jobs, Clock::time_point deadline,
                                  const std::atomic<bool>* stop) {
    for (bool in_time = true;;) {
        std::vector<std::size_t> resolved = resolved_of(jobs);
        if (!resolved.empty() || !in_time || jobs.empty()) {
            return resolved;
        }
        const Listening listening(jobs);
        const std::uint32_t heard = news().heard();
        resolved = resolved_of(jobs);
        if (!resolved.empty() || (stop != nullptr && stop->load(std::memory_order_seq_cst))) {
            return resolved;
        }
        std::uint64_t time = engine::slice;  // a fork server may die
        if (deadline != Clock::time_point::max()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now());
            in_time = left.count() > 0;
            time = in_time ? std::min(time, static_cast<std::uint64_t>(left.count())) : 0;
        }
        if (in_time) {
            news().wait(heard, time);
        }
    }
}

/// Whoever waits has made the region, or looks at `stop` after that.
void stop_wait_any() {
    if (memory::Region::exists()) {
        news().tell();
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
