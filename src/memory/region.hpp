#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace memory {

/// The one region that a process shares with all workers of all its pools: reserved large, touched
/// little, without a name that could leak, at the same address everywhere. Pages have an owner; who
/// may write them is set up by the engine.
///
/// Any thread may allocate and release. In a forked child `current()` is a new region, and what
/// belongs to the parent's is left alone.
class Region {
public:
    /// The region of this process, made at the first call. Throws std::bad_alloc when not even a
    /// small one can be mapped.
    static Region& current();

    /// `bytes`, rounded up to pages. Memory released a moment ago comes back warm, with its old
    /// content; other memory is zero. Throws std::bad_alloc when the region, or the share of the
    /// machine's memory that it may use, is exhausted.
    [[nodiscard]] std::byte* allocate(std::size_t bytes);
    void release(std::byte* data, std::size_t bytes) noexcept;

    /// Address space for a pool, zero, not counted as used memory. Throws std::bad_alloc.
    [[nodiscard]] std::byte* reserve(std::size_t bytes);
    /// Gives a reservation back, its pages to the system.
    void unreserve(std::byte* data, std::size_t bytes) noexcept;

    [[nodiscard]] std::byte* base() const { return shared_.memory.data(); }
    [[nodiscard]] std::size_t size() const { return shared_.memory.size(); }
    [[nodiscard]] const os::Fd& file() const { return shared_.file; }
    [[nodiscard]] bool contains(const std::byte* data, std::size_t bytes) const {
        return data >= base() && bytes <= size() &&
               static_cast<std::size_t>(data - base()) <= size() - bytes;
    }

    /// A page that every worker of every pool may write.
    [[nodiscard]] std::byte* common_page() const { return base(); }

    /// In a forked child: the regions of its ancestors, of which it has nothing to write, become
    /// read-only; all but the one that begins at `own`.
    static void protect_inherited(const std::byte* own) noexcept;

    /// True in the process that made it.
    [[nodiscard]] bool belongs_to_this_process() const;

private:
    Region();

    std::byte* take(std::size_t size);
    void give(std::byte* data, std::size_t size) noexcept;

    struct WarmBlock {
        std::byte* data;
        std::size_t size;
    };

    os::SharedRegion shared_;
    Region* inherited_ = nullptr;  // the one that this one took the place of, in a forked child
    std::uint64_t owner_;
    std::size_t limit_;     // bytes that allocate() may hand out
    std::size_t used_ = 0;  // by allocate(), warm blocks included
    std::size_t warm_bytes_ = 0;
    std::vector<WarmBlock> warm_;  // released last comes last
    std::map<std::byte*, std::size_t>
        free_;  // address order; neighbours are merged; every page reads as zero
    std::mutex mutex_;
};

}  // namespace memory
PROCPOOL_END_NAMESPACE
