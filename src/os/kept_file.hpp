#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// A file that this process keeps, appends to and wants back after its death. Calls return 0 or an
/// errno.
namespace os {

/// Opens a regular file to read and to write it; makes it if it does not exist. Close-on-exec.
/// Empty and errno on failure: EINVAL for a file of another kind.
[[nodiscard]] Fd open_kept(const char* path) noexcept;

/// Which file has that name now; none if there is no such.
[[nodiscard]] FileIdentity identity_at(const char* path) noexcept;

/// Takes the lock of the whole file for this process, which has it until it ends or closes any
/// descriptor of the file: a forked child does not have it. Does not wait. EAGAIN or EACCES if
/// another process has it.
[[nodiscard]] int lock_for_process(const Fd& file) noexcept;
/// Who has that lock; 0 if nobody or this process.
[[nodiscard]] pid_t holder_of_lock(const Fd& file) noexcept;

/// Writes all of it there. EFBIG, and nothing written, beyond RLIMIT_FSIZE: no signal.
[[nodiscard]] int write_at(const Fd& file, std::uint64_t offset,
                           std::span<const std::byte> bytes) noexcept;

[[nodiscard]] int cut_to(const Fd& file, std::uint64_t size) noexcept;

/// Returns when what was written is on the disk. 0 also where the file system has no disk.
[[nodiscard]] int sync_data(const Fd& file) noexcept;
/// The same for the entry of a file in its directory, as far as that is possible.
void sync_entry_of(const std::string& path) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
