#include "os/mapping.hpp"

#include <array>
#include <cstdio>
#include <limits>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fault.hpp"
#include "os/file.hpp"
#include "os/refusal.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

Mapping::~Mapping() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
    }
}

namespace {

/// Where the region is placed if possible: far from what the kernel places by itself, so that
/// another process can map the region at the same address.
// NOLINTNEXTLINE(performance-no-int-to-ptr): a place that nothing occupies yet
void* const quiet_place = reinterpret_cast<void*>(std::uintptr_t{0x2000'0000'0000});

}  // namespace

SharedRegion map_shared_region(std::size_t size, std::size_t open) noexcept {
    if (size > file_size_limit() || size > address_space_left()) {
        errno = ENOMEM;
        return {};
    }
    Fd file = above_standard_streams(
        Fd(call(Call::make_memfd, [] { return ::memfd_create("procpool", MFD_CLOEXEC); })));
    if (!file || call_through_signals(Call::resize_file, [&] {
                     return ::ftruncate(file.get(), static_cast<off_t>(size));
                 }) != 0) {
        return {};
    }
    void* data = MAP_FAILED;
    if (fault(Call::map_memory) == 0) {
        data = ::mmap(quiet_place, size, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file.get(), 0);
    }
    if (data == MAP_FAILED) {
        return {};
    }
    Mapping memory(static_cast<std::byte*>(data), size);
    // mlockall() of the program is not meant for memory that it will never touch.
    ::munlock(data, size);
    ::madvise(data, size, MADV_DONTDUMP);
    if (::mprotect(data, open, PROT_READ | PROT_WRITE) != 0) {
        return {};
    }
    return {std::move(memory), KeptFd(std::move(file))};
}

bool map_region_at(std::byte* data, std::size_t size, const Fd& file) noexcept {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) {
        return false;
    }
    if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) < size) {
        errno = EINVAL;
        return false;
    }
    void* const got = ::mmap(data, size, PROT_READ,
                             MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, file.get(), 0);
    if (got == MAP_FAILED) {
        return false;
    }
    ::madvise(got, size, MADV_DONTDUMP);
    return true;
}

Mapping map_wiped_on_fork() {
    void* data = MAP_FAILED;
    if (fault(Call::map_memory) == 0) {
        data =
            ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (data == MAP_FAILED || ::madvise(data, page_size, MADV_WIPEONFORK) != 0) {
        const int error = errno;
        throw std::system_error(error, std::generic_category(),
                                "procpool: cannot map a page" + why_refused("madvise", error));
    }
    return {static_cast<std::byte*>(data), page_size};
}

bool protect(std::byte* data, std::size_t size, Access access) noexcept {
    const int rights = access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE;
    return call(Call::protect_memory, [&] { return ::mprotect(data, size, rights); }) == 0;
}

void give_back(std::byte* data, std::size_t size) noexcept {
    call(Call::punch_memory, [&] { return ::madvise(data, size, MADV_REMOVE); });
}

std::size_t physical_memory() noexcept {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    return pages > 0 ? static_cast<std::size_t>(pages) * page_size : std::size_t{1} << 30U;
}

std::size_t address_space_left() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::numeric_limits<std::size_t>::max();
    }
    std::array<char, 128> text{};
    unsigned long pages = 0;
    if (read_file("/proc/self/statm", text.data(), text.size() - 1) <= 0 ||
        std::sscanf(text.data(), "%lu", &pages) != 1) {
        pages = 0;
    }
    const std::size_t used = pages * page_size;
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

std::size_t file_size_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::numeric_limits<std::size_t>::max();
    }
    return limit.rlim_cur;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
