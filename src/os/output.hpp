#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// Writes out what the program has printed by stdio and iostreams and what still is in the buffers
/// of this process. Costs nanoseconds when they are empty.
[[gnu::hot]] void flush_output() noexcept;

/// The same for every FILE that is open. Takes the locks of those only that hold output: another
/// thread may read a line from stdin, with its lock, for as long as nobody types one.
void flush_every_file() noexcept;

/// From here on this process writes to stdout and stderr line by line, each by one write: so lines
/// of several processes do not mix, on a terminal or in a file. The rest of a line, and a line that
/// is longer than the buffer, comes when the output is flushed. Call it while nothing is buffered.
void write_whole_lines() noexcept;

/// Writes to stderr what is buffered for it, without taking a lock: for a process that is about to
/// end, in a handler of a signal. Async-signal-safe; what another thread buffers meanwhile may be
/// lost.
void rescue_stderr() noexcept;

/// In a forked child: what its parent's threads have written since the parent flushed is theirs to
/// write out, not the child's.
void forget_output() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
