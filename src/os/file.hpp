#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "os/fd.hpp"

/// Files that others may write to, truncate or remove while they are read: never mapped, for what
/// is cut off a mapped file is a bus error for whoever looks at it.
namespace procpool::os {

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

}  // namespace procpool::os
