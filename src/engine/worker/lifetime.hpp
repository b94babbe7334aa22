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

    /// `items`, or as many as are left.
    [[nodiscard]] std::uint64_t cut(std::uint64_t items) const { return std::min(items, left_); }

    /// This many were run. True if none are left.
    [[nodiscard]] bool spend(std::uint64_t items) {
        if (!limited_) {
            return false;
        }
        left_ -= items;
        return left_ == 0;
    }

private:
    bool limited_;
    std::uint64_t left_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
