#pragma once

#include <string>

namespace tool {

/// Opens those of the descriptors 0, 1 and 2 that are closed, so that no file gets one of these
/// numbers by accident. They cannot be used: reading and writing fail as they did. For the
/// beginning of main().
void open_standard_streams();

/// From now on, to write to a pipe without a reader or beyond the limit on the size of files is an
/// error of the write. Before, it ends the program without a word. For the beginning of main().
void report_failed_writes();

/// Writes to standard output, at once. Throws SystemLimit when it cannot be written: the reader of
/// a pipe is gone, or the disk is full.
void write_out(const std::string& text);

/// Writes to standard error, if it can be written.
void write_err(const std::string& text);

/// Writes one line to standard error that begins with the name of the program, "procpool: ".
/// Control characters in `what` become ?.
void complain(const std::string& what);

}  // namespace tool
