#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "memory/region.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A pool's part of the shared region, with what the workers need to know from the start. The
/// destructor gives it back.
class PoolMemory {
public:
    /// Throws std::bad_alloc.
    PoolMemory(memory::Region& region, const EngineOptions& options, bool has_timeline);
    PoolMemory(const PoolMemory&) = delete;
    PoolMemory& operator=(const PoolMemory&) = delete;
    ~PoolMemory() { give_back(); }

    [[nodiscard]] const Layout& layout() const { return layout_; }
    /// Are there enough CPUs to spin while waiting?
    [[nodiscard]] bool spins() const { return spins_; }

    void give_back();
    /// Keeps it from being given back: it belongs to another process, or somebody may still write
    /// to it.
    void leave() { held_ = false; }

private:
    [[nodiscard]] std::byte* reserve(int processes);
    void write_pool_page(const EngineOptions& options, int cpus) noexcept;

    memory::Region& region_;
    Layout layout_;
    const bool has_timeline_;
    bool held_ = true;
    bool spins_ = false;
    Block initializer_;
    Block finalizer_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
