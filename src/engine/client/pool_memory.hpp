#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "memory/region.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A pool's part of the shared region. Gives itself back.
class PoolMemory {
public:
    /// Throws std::bad_alloc.
    PoolMemory(memory::Region& region, int workers)
        : region_(region), layout_(Layout::plan(workers, region.size() / 4)) {
        layout_.place(region.reserve(layout_.size()), region.base(), region.size());
    }
    PoolMemory(const PoolMemory&) = delete;
    PoolMemory& operator=(const PoolMemory&) = delete;
    ~PoolMemory() { give_back(); }

    [[nodiscard]] const Layout& layout() const { return layout_; }

    void give_back() {
        if (held_) {
            region_.unreserve(layout_.base(), layout_.size());
        }
        held_ = false;
    }
    /// It is another process's, or somebody may write to it still.
    void leave() { held_ = false; }

private:
    memory::Region& region_;
    Layout layout_;
    bool held_ = true;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
