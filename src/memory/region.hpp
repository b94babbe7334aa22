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

/// The one region that a process shares with all workers of all its pools. Much is reserved, little
/// is touched, and what was never used cannot be accessed in this process; it lies at the same
/// address everywhere, and has no name that could leak. Pages have an owner; the engine sets up who
/// may write them.
///
/// Blocks that are released stay warm for a while: they keep their pages for the next call. The
/// oldest are given back to the system (`give_back_oldest`, `give_back`).
///
/// Any thread may allocate and release. In a forked child `current()` is a new region, and the
/// parent's is left alone.
class Region {
public:
    /// The region of this process, made at the first call. Throws std::bad_alloc when not even a
    /// small one can be mapped.
    static Region& current();
    /// Has this process one already?
    [[nodiscard]] static bool exists() noexcept;

    /// `bytes`, rounded up to pages. A warm block has its old content; other memory is zero. Throws
    /// std::bad_alloc when the region, or the share of the machine's memory that it may use, is
    /// used up.
    [[nodiscard]] std::byte* allocate(std::size_t bytes);
    /// Ends the use of a block. Some blocks, this or older ones, are given back to the system.
    void release(std::byte* data, std::size_t bytes) noexcept;

    /// Address space for a pool. It is zero and does not count as used memory. Throws
    /// std::bad_alloc.
    [[nodiscard]] std::byte* reserve(std::size_t bytes);
    /// Ends a reservation and gives its memory back to the system.
    void unreserve(std::byte* data, std::size_t bytes) noexcept;

    [[nodiscard]] std::byte* base() const { return shared_.memory.data(); }
    [[nodiscard]] std::size_t size() const { return shared_.memory.size(); }
    [[nodiscard]] const os::KeptFd& file() const { return shared_.file; }
    [[nodiscard]] bool contains(const std::byte* data, std::size_t bytes) const {
        return data >= base() && bytes <= size() &&
               static_cast<std::size_t>(data - base()) <= size() - bytes;
    }

    /// A page that every worker of every pool may write.
    [[nodiscard]] std::byte* common_page() const { return base(); }

    /// In a forked child: makes the regions of its ancestors read-only, but not the one that begins
    /// at `own`.
    static void protect_inherited(const std::byte* own) noexcept;

    /// True in the process that made it.
    [[nodiscard]] bool belongs_to_this_process() const;

private:
    Region();

    /// Takes whole pages out of the free ones.
    std::byte* take(std::size_t size);
    /// Makes the part before `end` accessible. False if the kernel refuses.
    bool open_to(std::size_t end) noexcept;
    /// Gives the memory of whole pages back to the system, and the pages to the free ones.
    void give_back(std::byte* data, std::size_t size) noexcept;
    /// Gives back the warm block that was released first.
    void give_back_oldest() noexcept;

    struct WarmBlock {
        std::byte* data;
        std::size_t size;
    };

    os::SharedRegion shared_;
    std::size_t open_;             // from here on nothing may be accessed
    Region* inherited_ = nullptr;  // in a forked child: the region that this one replaced
    std::uint64_t owner_;
    std::size_t limit_;     // bytes that allocate() may hand out
    std::size_t used_ = 0;  // by allocate(), warm blocks included
    std::size_t warm_bytes_ = 0;
    std::vector<WarmBlock> warm_;  // the block released last comes last
    // Free pages, which all read as zero: address and size. Neighbours are merged.
    using Pages = std::map<std::byte*, std::size_t>;
    Pages free_;
    std::vector<Pages::node_type>
        spare_;  // one for all that was taken: giving back allocates nothing
    std::mutex mutex_;
};

}  // namespace memory
PROCPOOL_END_NAMESPACE
