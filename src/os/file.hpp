#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Reading files that others may write to, truncate or remove meanwhile. They are never mapped: a
/// mapped file that gets shorter is a bus error for whoever reads on.
namespace os {

/// Reads a whole (small) file of /proc into `buffer`; the number of bytes, or -1 and errno.
long read_file(const char* path, char* buffer, std::size_t size) noexcept;

/// The whole of a text file; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> contents(const std::string& path);

/// The number in a file that holds nothing else; nothing when it is not one.
[[nodiscard]] std::optional<long long> number_in(const std::string& path);

/// Opens a regular file to read it. Empty when it cannot be opened or is of another kind. Never
/// blocks on one of those, a pipe that nobody writes to for example.
[[nodiscard]] Fd open_regular(const char* path) noexcept;

/// Where the file of this program lies; empty when the system does not tell. Throws std::bad_alloc.
[[nodiscard]] std::string program_path();

/// Fills the buffer from the offset on. False when the file ends too early or cannot be read.
bool read_at(const Fd& file, std::uint64_t offset, std::span<std::byte> buffer) noexcept;

/// The size in bytes; 0 when the system does not tell.
[[nodiscard]] std::uint64_t size_of(const Fd& file) noexcept;

/// Copies what the file holds now into a file in memory, without a name: nobody else changes it, so
/// it may be mapped. Empty when that is more than `most` bytes, or there is no memory.
[[nodiscard]] Fd copy_of(const Fd& file, std::uint64_t most) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
