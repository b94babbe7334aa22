#pragma once

#include <atomic>
#include <cerrno>

#include <unistd.h>

#include "os/fault.hpp"

/// System calls that fail on demand, in any process of an instrumented test.
namespace support {

using procpool::os::Call;

enum class Where { everywhere, client, others };

/// Shared by all processes, so that the test decides what fails where and when.
struct Faults {
    std::atomic<bool> armed{false};
    std::atomic<Call> call{Call::poll};
    std::atomic<int> error{0};
    std::atomic<int> skip{0};   // calls that still succeed
    std::atomic<int> times{0};  // calls that fail then
    std::atomic<Where> where{Where::everywhere};
    std::atomic<pid_t> client{0};
    std::atomic<int> hits{0};
    std::atomic<bool> interrupt{false};  // every second call that a signal can interrupt
    std::atomic<unsigned> turn{0};

    void fail(Call which, int with, int after = 0, int how_often = 1'000'000'000,
              Where place = Where::everywhere) {
        stop();
        call = which;
        error = with;
        skip = after;
        times = how_often;
        where = place;
        client = ::getpid();
        hits = 0;
        armed = true;
    }
    void stop() {
        armed = false;
        interrupt = false;
    }
};
inline Faults* faults = nullptr;

inline bool can_be_interrupted(Call call) {
    switch (call) {
        case Call::futex_wait:
        case Call::open_file:
        case Call::poll:
        case Call::read:
        case Call::resize_file:
        case Call::sync_file:
        case Call::wait_child:
        case Call::write:
        case Call::write_file:
            return true;
        default:
            return false;
    }
}

inline int decide(Call call) {
    if (faults->interrupt.load() && can_be_interrupted(call)) {
        return faults->turn.fetch_add(1) % 2 == 0 ? EINTR : 0;
    }
    if (!faults->armed.load() || call != faults->call.load()) {
        return 0;
    }
    const bool in_client = ::getpid() == faults->client.load();
    if (faults->where != Where::everywhere && in_client != (faults->where == Where::client)) {
        return 0;
    }
    if (faults->skip.fetch_sub(1) > 0 || faults->times.fetch_sub(1) <= 0) {
        return 0;
    }
    ++faults->hits;
    return faults->error.load();
}

}  // namespace support
