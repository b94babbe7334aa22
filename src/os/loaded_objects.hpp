#pragma once

#include <cstddef>

#include <link.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The program and the shared objects that it loaded, as the dynamic linker lists them.
namespace os {

/// Calls `visit(info, data)` for each, the program first, until one returns something else than 0.
/// `visit` must not come back here. Any thread. The linker's lock is no business of fork()'s: a
/// child that was forked while a thread of ours held it would wait for ever at its first look, so
/// this has a lock of its own around it, which fork() waits for.
void for_each_object(int (*visit)(dl_phdr_info* info, std::size_t size, void* data), void* data);

}  // namespace os
PROCPOOL_END_NAMESPACE
