#pragma once

#include <cstdint>
#include <map>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Children of a worker that have ended. It is the parent of what its tasks started, and of what
/// that left behind, which it adopted. Nobody else reaps the adopted ones; but for the status of
/// one that a task started somebody may wait, a thread in pclose() for example, and the kernel does
/// not tell one kind from the other. So what another thread started is never reaped here, a daemon
/// at the next look, and the rest once nobody has asked for it for a minute.
class Leftovers {
public:
    [[gnu::hot]] void reap() {
        if (os::now_ns() >= next_look_) {
            look();
        }
    }

private:
    static constexpr std::uint64_t patience = 60'000 * os::ms;
    static constexpr std::uint64_t interval = 1'000 * os::ms;

    void look();

    std::uint64_t next_look_ = 0;
    std::map<pid_t, std::uint64_t> seen_;  // when each was first seen to have ended
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
