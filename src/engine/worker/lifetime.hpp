#pragma once

#include <algorithm>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// How many items a worker may run before it is replaced: PoolOptions::max_tasks_per_child.
class Lifetime {
public:
    /// `max_tasks` 0: any number.
    explicit Lifetime(std::uint64_t max_tasks)
        : limited_(max_tasks != 0), left_(limited_ ? max_tasks : max_items) {}

    /// `items`, or as many as are left. Of items with so many parts each part counts as one, but an
    /// item that was begun is finished.
    [[nodiscard]] std::uint64_t cut(std::uint64_t items, std::uint64_t parts = 0) const {
        return parts <= 1 ? std::min(items, left_)
                          : std::min(items, left_ / parts + (left_ % parts != 0 ? 1 : 0));
    }

    /// This many were run. True if none are left.
    [[nodiscard]] bool spend(std::uint64_t items, std::uint64_t parts = 0) {
        if (!limited_) {
            return false;
        }
        left_ -= items == 0 ? 0 : std::min(left_, items * std::max<std::uint64_t>(parts, 1));
        return left_ == 0;
    }

private:
    bool limited_;
    std::uint64_t left_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
