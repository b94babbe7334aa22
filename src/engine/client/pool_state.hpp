#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Whether a pool takes work, and why it does not.
struct PoolState {
    enum Value { open, closed, terminated, broken, ended };

    Value is = open;
    bool is_joined = false;  ///< join() waits, or has: jobs under way get no more items
    Failure broken_as{};     ///< why, once it is broken

    /// It has no workers any more, and its jobs come to an end.
    [[nodiscard]] bool is_over() const { return is > closed; }

    /// Throws PoolClosed, PoolTerminated, PoolBroken, InitializerFailed, if it takes none.
    void check_open() const {
        if (is != open) [[unlikely]] {
            refuse();
        }
    }

    /// The same of a job that is under way and fed item by item.
    void check_feeds() const {
        if (is_over() || is_joined) [[unlikely]] {
            refuse();
        }
    }

private:
    [[noreturn]] void refuse() const;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
