#pragma once

#include <string>
#include <string_view>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// A stack with names.
struct Trace {
    std::string place;  ///< the innermost frame of the program: "parse_header (parse.cpp:41)"
    std::string text;   ///< a line for each frame, the innermost first
};

/// Looks up the names of a stack as `written` gave it. With debug information, and libdw to read
/// it: function, source file and line. With symbols: function and file of the code. Otherwise: the
/// address in the file. Frames that are not the task's are left out (trace/frame_kinds.hpp). Takes
/// milliseconds for a file of code that is new. Any thread. Throws std::bad_alloc.
[[nodiscard]] Trace symbolise(std::string_view stack);

}  // namespace trace
PROCPOOL_END_NAMESPACE
