#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/server/sight.hpp"
#include "engine/shared/layout.hpp"
#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Asks the item that a worker runs to end: this_task::stop_token(). Does nothing if that was asked
/// already.
inline void ask_to_stop(const Layout& layout, int worker, const Sight& sight) {
    ServerLine& line = layout.server_line(worker);
    if (line.asked_serial.load(std::memory_order_relaxed) == sight.claim.serial &&
        line.asked_current.load(std::memory_order_relaxed) == sight.current &&
        line.asked_verdict.load(std::memory_order_relaxed) == sight.verdict) {
        return;
    }
    line.asked_serial.store(sight.claim.serial, std::memory_order_release);
    line.asked_current.store(sight.current, std::memory_order_release);
    line.asked_verdict.store(sight.verdict, std::memory_order_release);
    line.asks.fetch_add(1, std::memory_order_seq_cst);
    constexpr int listeners = 2;  // of the worker and of its copy that runs a pristine item
    os::futex_wake(line.asks, listeners);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
