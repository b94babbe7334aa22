#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

#include <procpool/detail/stop_link.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// Without memory a request is followed later.
constexpr int most_tries = 10'000;

}  // namespace

void StopLink::listen(Engine& engine, const JobHandle& job, const std::stop_token& stop,
                      std::chrono::nanoseconds grace) noexcept {
    callback_.emplace(stop, Cancel{&engine, job, grace});
}

void StopLink::Cancel::operator()() const {
    // Nobody could be told of a failure here.
    for (int tries = 0; tries < most_tries; ++tries) {
        try {
            engine->cancel(job, grace);
            return;
        } catch (const std::bad_alloc&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        } catch (const std::logic_error&) {
            return;  // in a forked child the pool is the parent's, and so is the job
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
