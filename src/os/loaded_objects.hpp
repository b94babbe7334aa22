#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <link.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The program and the shared objects that it loaded, as the dynamic linker lists them.
namespace os {

/// Calls `visit(info, data)` for each, the program first, until a call returns something else than
/// 0. `visit` must not call this function. Any thread.
///
/// The dynamic linker's lock is not released in a forked child: one that was forked while another
/// thread of ours held it would wait for ever. So there is a lock of our own around it, which
/// fork() waits for.
void for_each_object(int (*visit)(dl_phdr_info* info, std::size_t size, void* data), void* data);

/// One of them.
struct LoadedObject {
    std::uint64_t base = 0;      ///< what the linker added to the addresses in the file
    const char* path = nullptr;  ///< as the linker knows it; empty: the program
};
/// The object that an address lies in. Nothing where there is none, and before glibc 2.35.
/// Async-signal-safe: takes no lock and allocates nothing.
[[nodiscard]] std::optional<LoadedObject> object_at(std::uint64_t address) noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
