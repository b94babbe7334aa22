#pragma once

#include <string>

namespace tool {

/// Nobody opens a file as 0, 1 or 2 by accident; and an output that is closed or may not grow is an
/// error that is told, not a silent death. For the beginning of main.
void prepare_standard_streams();

/// To standard output, at once. Throws SystemLimit when it cannot be written: the reader of a pipe
/// is gone, or the disk is full.
void write_out(const std::string& text);

/// To standard error, if that can be written.
void write_err(const std::string& text);

/// One line on standard error that begins with the name of the program, whatever `what` holds.
void complain(const std::string& what);

}  // namespace tool
