#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <procpool/async.hpp>
#include <procpool/detail/completion.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

Completion::Completion(std::vector<EngineJob> jobs)
    : count_(jobs.size()), pending_(std::move(jobs)), places_(count_) {
    std::iota(places_.begin(), places_.end(), std::size_t{0});
    order_.reserve(count_);
}

std::size_t Completion::current() {
    if (is_at_end()) {
        throw std::logic_error("procpool: as_completed was read behind its end");
    }
    while (position_ >= order_.size()) {
        const std::vector<std::size_t> resolved = wait_any(pending_, Clock::time_point::max());
        for (const std::size_t i : resolved) {
            order_.push_back(places_[i]);
        }
        // From the last one on, so that the others keep their places until it is their turn.
        std::for_each(resolved.rbegin(), resolved.rend(), [this](std::size_t i) {
            pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
            places_.erase(places_.begin() + static_cast<std::ptrdiff_t>(i));
        });
    }
    return order_[position_];
}

bool wait_all(const std::vector<EngineJob>& jobs, Clock::time_point deadline) {
    for (const EngineJob& job : jobs) {
        if (!job.engine->wait(job.job, deadline)) {
            return false;
        }
    }
    return true;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
