#pragma once

#include <cstdint>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/server/handles.hpp"
#include "engine/server/limits.hpp"
#include "engine/shared/layout.hpp"
#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A process forked ahead where forking is slow (a client with much memory). It waits until it is
/// told which place to take.
class Spare {
public:
    Spare(const Layout& layout, Handles& handles) : layout_(layout), handles_(handles) {}

    /// 0 if there is none.
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// How long a fork took.
    void note_fork_time(std::uint64_t ns);
    /// Is forking slow, and none there?
    [[nodiscard]] bool is_wanted() const {
        return fastest_fork_ != never && fastest_fork_ >= slow_fork && pid_ == 0;
    }
    /// Forks one if it is wanted. Failures are ignored: without a spare, workers are forked when
    /// they are needed.
    void keep();
    /// Sends it to a place that was entered for it before. From here on it is a worker like any
    /// other.
    void send_to(int worker);
    /// Forgets it if it is the process that was just reaped. False if it is not.
    bool forget_if(pid_t reaped);

    void kill() const;
    /// Blocks until it has ended, and forgets it.
    void reap();

private:
    [[noreturn]] void await_place(os::Fd place, pid_t server);
    void forget();

    const Layout& layout_;
    Handles& handles_;
    pid_t pid_ = 0;
    os::Fd place_;                        // write end: the number of the place to take
    std::uint64_t fastest_fork_ = never;  // ns; a busy machine makes a single one slow
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
