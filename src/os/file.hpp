#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Reading files that others may write to, truncate or remove meanwhile: never mapped, for what is
/// cut off a mapped file is a bus error for whoever looks at it.
namespace os {

/// Reads a whole (small) file of /proc into `buffer`; the number of bytes, or -1 and errno.
long read_file(const char* path, char* buffer, std::size_t size) noexcept;

/// All that a text file says; none when it cannot be read.
[[nodiscard]] std::optional<std::string> contents(const std::string& path);

/// The number that is all the file says.
[[nodiscard]] std::optional<long long> number_in(const std::string& path);

/// A regular file, to be read. Empty when it cannot be opened or is of another kind, which is not
/// waited for.
[[nodiscard]] Fd open_regular(const char* path) noexcept;

/// Fills the buffer from the offset on; false when the file ends before, or cannot be read.
bool read_at(const Fd& file, std::uint64_t offset, std::span<std::byte> buffer) noexcept;

/// The size in bytes; 0 when it cannot be told.
[[nodiscard]] std::uint64_t size_of(const Fd& file) noexcept;

/// A file in memory, without a name, with what this one has now: it may be mapped. Empty when that
/// is more than `most` bytes, or there is no memory.
[[nodiscard]] Fd copy_of(const Fd& file, std::uint64_t most) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
