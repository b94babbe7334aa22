#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// Which frames of a stack are the task's, and which are left out of its trace.
namespace trace {

enum class FrameKind {
    of_program,  ///< what the user of procpool wrote, and libraries that he uses
    of_runtime,  ///< the C++ and the C library
    throwing,    ///< between a failure and the code to blame: functions that throw, abort or exit
    machinery,   ///< below the task: functions of procpool that call it
};

/// The kind of a function by its name as function_name gives it, and by the name of the file that
/// its code is in.
[[nodiscard]] FrameKind kind_of(std::string_view function, std::string_view file);

/// One line of a trace.
struct Frame {
    std::string text;
    std::string function;  ///< as `text` shows it; empty if it is not known
    FrameKind kind = FrameKind::of_program;
};

/// Leaves the frames of the task, the innermost first: from the code to blame for the failure to
/// the function that procpool called. If all of the task was inlined into procpool's functions, the
/// innermost of these is left, because its type names the task.
void keep_frames_of_task(std::vector<Frame>& frames);

}  // namespace trace
PROCPOOL_END_NAMESPACE
