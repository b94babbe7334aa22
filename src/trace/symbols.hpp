#pragma once

#include <string>
#include <string_view>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// A stack with names.
struct Trace {
    std::string place;  ///< of what the program wrote, the innermost: "parse_header (parse.cpp:41)"
    std::string text;   ///< all of it, a line a frame, the innermost first
};

/// Looks up the names of a stack as `written` gave it: function, file and line where there is debug
/// information and libdw to read it; function and file of the code where there are symbols; the
/// address in the file otherwise. What a task did not call, the machinery beneath it, is left out.
/// Takes milliseconds for a file met for the first time. Any thread. Throws std::bad_alloc.
[[nodiscard]] Trace symbolise(std::string_view stack);

}  // namespace trace
PROCPOOL_END_NAMESPACE
