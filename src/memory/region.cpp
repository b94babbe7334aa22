#include "memory/region.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <new>
#include <utility>

#include "os/memory_limit.hpp"
#include "os/process_mark.hpp"
#include "os/refusal.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace memory {
namespace {

constexpr std::size_t largest = std::size_t{256} << 30U;
constexpr std::size_t smallest = std::size_t{16} << 20U;
/// So much of it may be accessed at first.
constexpr std::size_t first_open = smallest;
/// So many bytes, and so many blocks, of released memory stay warm.
constexpr std::size_t warm_limit = std::size_t{64} << 20U;
constexpr std::size_t warm_blocks = 32;

/// A std::bad_alloc that says which memory is short, and what to do. Allocates nothing.
class NoSharedMemory : public std::bad_alloc {
public:
    explicit NoSharedMemory(const char* what) noexcept : what_(what) {}
    [[nodiscard]] const char* what() const noexcept override { return what_; }

private:
    const char* what_;  // of static storage
};

constexpr const char* cannot_be_mapped =
    "procpool: no shared memory can be mapped: see the limits of the address space (ulimit -v), of "
    "the size of files (ulimit -f) and of open files (ulimit -n), and that of the container";
constexpr const char* forbidden =
    "procpool: no shared memory: memfd_create, ftruncate, mmap or mprotect is refused, by a filter "
    "of system calls (seccomp), or an old kernel";
constexpr const char* used_up =
    "procpool: the shared memory is used up (at most half of the machine's memory, or of what the "
    "container may have): pass fewer or smaller items and results in one call, wait for calls "
    "under way, and let go of shared_vectors that are not needed";
constexpr const char* limited =
    "procpool: the address space for shared memory is used up, and small because of a limit "
    "(ulimit -v, ulimit -f): raise that, have fewer pools at once, or smaller items and results";

constexpr const char* cannot_be_opened =
    "procpool: no more shared memory: mprotect fails, for want of memory or because of too many "
    "mappings (vm.max_map_count)";

os::SharedRegion map_largest_allowed() {
    for (std::size_t size = largest; size >= smallest; size /= 2) {
        // Under RLIMIT_AS the program and its workers need room of their own.
        if (size / 2 > os::address_space_left() / 4) {
            continue;
        }
        errno = 0;
        if (os::SharedRegion region = os::map_shared_region(size, first_open); region.memory) {
            return region;
        }
        if (os::is_forbidden(errno)) {
            throw NoSharedMemory(forbidden);
        }
    }
    throw NoSharedMemory(cannot_be_mapped);
}

std::atomic<Region*> newest{nullptr};

}  // namespace

Region& Region::current() {
    Region* region = newest.load(std::memory_order_acquire);
    while (region == nullptr || !region->belongs_to_this_process()) {
        // The parent's region stays mapped: a task that runs here may be reading its input there.
        auto* fresh = new Region();
        fresh->inherited_ = region;
        if (newest.compare_exchange_strong(region, fresh)) {
            return *fresh;
        }
        delete fresh;
    }
    return *region;
}

bool Region::exists() noexcept {
    const Region* const region = newest.load(std::memory_order_acquire);
    return region != nullptr && region->belongs_to_this_process();
}

void Region::protect_inherited(const std::byte* own) noexcept {
    for (const Region* region = newest.load(std::memory_order_acquire); region != nullptr;
         region = region->inherited_) {
        if (region->base() != own) {
            os::protect(region->base(), region->size(), os::Access::read);
        }
    }
}

Region::Region()
    : shared_(map_largest_allowed()),
      open_(first_open),
      owner_(os::process_mark()),
      limit_(std::min(size(), os::memory_of_container() / 2)) {
    warm_.reserve(warm_blocks + 1);
    free_.emplace(base() + os::page_size, size() - os::page_size);
}

bool Region::belongs_to_this_process() const { return owner_ == os::process_mark(); }

std::byte* Region::take(std::size_t size) {
    // A failed allocation must cost nothing, here and when the pages come back.
    Pages fresh;
    fresh.emplace(nullptr, 0);
    spare_.push_back(fresh.extract(fresh.begin()));
    const auto fits = std::find_if(free_.begin(), free_.end(),
                                   [&](const auto& entry) { return entry.second >= size; });
    if (fits == free_.end()) {
        spare_.pop_back();
        throw NoSharedMemory(this->size() < largest ? limited : used_up);
    }
    if (!open_to(static_cast<std::size_t>(fits->first - base()) + size)) {
        spare_.pop_back();
        throw NoSharedMemory(cannot_be_opened);
    }
    auto pages = free_.extract(fits);
    std::byte* const data = pages.key();
    if (pages.mapped() > size) {
        pages.key() += size;
        pages.mapped() -= size;
        free_.insert(std::move(pages));
    }
    return data;
}

/// In steps that double, so that there are few.
bool Region::open_to(std::size_t end) noexcept {
    if (end <= open_) {
        return true;
    }
    const std::size_t wanted = std::min(size(), std::max(end, 2 * open_));
    if (!os::protect(base() + open_, wanted - open_, os::Access::read_write)) {
        return false;
    }
    open_ = wanted;
    return true;
}

void Region::give_back(std::byte* data, std::size_t size) noexcept {
    os::give_back(data, size);
    const auto next = free_.lower_bound(data);
    if (next != free_.begin()) {
        const auto before = std::prev(next);
        if (before->first + before->second == data) {
            data = before->first;
            size += before->second;
            free_.erase(before);
        }
    }
    if (next != free_.end() && next->first == data + size) {
        size += next->second;
        free_.erase(next);
    }
    auto pages = std::move(spare_.back());
    spare_.pop_back();
    pages.key() = data;
    pages.mapped() = size;
    free_.insert(std::move(pages));
}

void Region::give_back_oldest() noexcept {
    const WarmBlock oldest = warm_.front();
    warm_.erase(warm_.begin());
    warm_bytes_ -= oldest.size;
    used_ -= oldest.size;
    give_back(oldest.data, oldest.size);
}

std::byte* Region::allocate(std::size_t bytes) {
    const std::size_t size = os::round_to_pages(std::max<std::size_t>(bytes, 1));
    if (size < bytes) {
        throw NoSharedMemory(used_up);
    }
    const std::scoped_lock lock(mutex_);
    const auto same = std::find_if(warm_.rbegin(), warm_.rend(),
                                   [&](const WarmBlock& block) { return block.size == size; });
    if (same != warm_.rend()) {
        std::byte* data = same->data;
        warm_.erase(std::next(same).base());
        warm_bytes_ -= size;
        return data;
    }
    if (size > limit_ - used_ + warm_bytes_) {
        throw NoSharedMemory(used_up);
    }
    while (size > limit_ - used_) {
        give_back_oldest();
    }
    std::byte* data = take(size);
    used_ += size;
    return data;
}

void Region::release(std::byte* data, std::size_t bytes) noexcept {
    const std::size_t size = os::round_to_pages(std::max<std::size_t>(bytes, 1));
    const std::scoped_lock lock(mutex_);
    warm_.push_back({data, size});
    warm_bytes_ += size;
    while (warm_.size() > warm_blocks || warm_bytes_ > warm_limit) {
        give_back_oldest();
    }
}

std::byte* Region::reserve(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    return take(os::round_to_pages(bytes));
}

void Region::unreserve(std::byte* data, std::size_t bytes) noexcept {
    const std::scoped_lock lock(mutex_);
    give_back(data, os::round_to_pages(bytes));
}

}  // namespace memory
PROCPOOL_END_NAMESPACE
