#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// From begin() until its end a request by a stop token cancels a job. The engine must outlive it.
/// Begun and destroyed without a lock of the pool's: its end waits for a request that is being
/// followed.
class StopLink {
public:
    /// Once, at most.
    void begin(Engine& engine, const JobHandle& job, const std::stop_token& stop,
               std::chrono::nanoseconds grace) noexcept {
        if (stop.stop_possible()) [[unlikely]] {
            listen(engine, job, stop, grace);
        }
    }

private:
    void listen(Engine& engine, const JobHandle& job, const std::stop_token& stop,
                std::chrono::nanoseconds grace) noexcept;

    struct Cancel {
        Engine* engine;
        JobHandle job;
        std::chrono::nanoseconds grace;

        void operator()() const;
    };
    std::optional<std::stop_callback<Cancel>> callback_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
