#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

inline constexpr std::size_t page_size = 4096;

constexpr std::size_t round_to_pages(std::size_t bytes) {
    return (bytes + page_size - 1) / page_size * page_size;
}

/// A mapping that unmaps itself.
class Mapping {
public:
    Mapping() = default;
    Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}
    Mapping(Mapping&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    explicit operator bool() const { return data_ != nullptr; }

private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A mapped sparse memfd, zeroed, kept out of core dumps.
struct SharedRegion {
    Mapping memory;
    KeptFd file;  ///< close-on-exec
};

/// `size` bytes, shared with every process forked later. Only the first `open` bytes may be
/// accessed: what is only reserved is no writable memory to those who count it, and to memory
/// checkers. Empty when the kernel or a limit (RLIMIT_FSIZE, RLIMIT_AS) refuses that size.
[[nodiscard]] SharedRegion map_shared_region(std::size_t size, std::size_t open) noexcept;

/// Maps the region of another process at the address that it has there, to be read. False and errno
/// when something else is mapped there, or the file is shorter.
bool map_region_at(std::byte* data, std::size_t size, const Fd& file) noexcept;

/// One private page whose content reads as zero in a forked child. Throws std::system_error.
[[nodiscard]] Mapping map_wiped_on_fork();

enum class Access { read, read_write };
/// Changes what this process may do with whole pages. False and errno when the kernel refuses.
bool protect(std::byte* data, std::size_t size, Access access) noexcept;

/// Gives the memory of whole pages of a shared region back to the system: punches a hole into its
/// file. They read as zero afterwards. Best effort.
void give_back(std::byte* data, std::size_t size) noexcept;

/// The bytes of memory of this machine.
[[nodiscard]] std::size_t physical_memory() noexcept;

/// RLIMIT_AS less what this process maps already; SIZE_MAX without a limit.
[[nodiscard]] std::size_t address_space_left() noexcept;
/// RLIMIT_FSIZE; SIZE_MAX without a limit. (A larger ftruncate would raise SIGXFSZ.)
[[nodiscard]] std::size_t file_size_limit() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
