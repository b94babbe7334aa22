#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <procpool/detail/namespace.hpp>

#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// The one T of this process, made by T() at the first call. For a T that has a lock: a forked
/// child makes a T of its own, because another thread of its parent may have held the lock in the
/// inherited one, which is left as it is. Any thread may call this; whether several may use the T
/// at once, T says. Throws what T() throws.
template <class T>
T& own() {
    struct Owned {
        const std::uint64_t process = process_mark();
        T value;
    };
    static constinit std::atomic<Owned*> newest{nullptr};
    Owned* seen = newest.load(std::memory_order_acquire);
    while (seen == nullptr || seen->process != process_mark()) {
        auto fresh = std::make_unique<Owned>();
        if (newest.compare_exchange_strong(seen, fresh.get(), std::memory_order_acq_rel)) {
            return fresh.release()->value;
        }
    }
    return seen->value;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
