#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// A mapping of a process, as /proc/self/maps shows it.
struct MappedRange {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    bool writable = false;
    bool shared = false;
    // The file: device and number there, 0 where there is none.
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    /// The file, or "[heap]". Cut at 255 characters. Valid until the next mapping is read.
    std::string_view name;
};

/// Reads a file in the format of /proc/self/maps, a mapping at a time, in constant memory and
/// without allocating.
class MapsReader {
public:
    explicit MapsReader(const char* path = "/proc/self/maps") noexcept;

    /// The next mapping; none at the end, and none when reading failed.
    [[nodiscard]] std::optional<MappedRange> next() noexcept;
    /// Why reading failed, as an errno; EPROTO when the text is not as expected; 0 if it did not.
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    static constexpr int end_of_file = -1;

    int peek() noexcept;
    int take() noexcept;
    std::optional<std::uintptr_t> number(int base) noexcept;
    void skip_blanks() noexcept;

    Fd file_;
    int error_ = 0;
    std::size_t position_ = 0;
    std::size_t filled_ = 0;
    std::array<char, 4096> buffer_{};
    std::array<char, 255> name_{};
};

/// The bytes in a page of the kernel's, the unit of mappings; on some machines more than
/// os::page_size.
[[nodiscard]] std::uintptr_t kernel_page_size() noexcept;

/// False only when nothing is mapped at the address.
[[nodiscard]] bool may_be_mapped(std::uintptr_t address) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
