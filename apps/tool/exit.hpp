#pragma once

#include <stdexcept>
#include <string>

namespace tool {

/// The exit status of a program.
enum Exit : int {
    done = 0,
    failed = 1,         ///< nothing was found, or a part of the work failed
    bad_usage = 2,      ///< the command line or the input is wrong, or the goal cannot be met
    system_limit = 3,   ///< the system refused: processes, memory, or the output cannot be written
    interrupted = 130,  ///< Ctrl-C: what was found so far is printed, nothing is left running
};

/// Ends the program with bad_usage and one line that says what to do.
struct BadUsage : std::runtime_error {
    using runtime_error::runtime_error;
};

/// Ends the program with system_limit and one line that says what to do.
struct SystemLimit : std::runtime_error {
    using runtime_error::runtime_error;
};

/// The work ended early. What was found until then is printed, then this line, and the program ends
/// with `code`.
struct Stopped : std::runtime_error {
    Stopped(Exit exit, const std::string& why) : runtime_error(why), code(exit) {}
    Exit code;
};

/// For the end of a --help.
inline constexpr auto exit_codes = R"(Exit status:
    0  done
    1  nothing was found, or a part of the work failed; what was found is printed
    2  the command line or the input is wrong, or the goal cannot be met
    3  the system refused: processes, memory, or the output cannot be written
  130  Ctrl-C: what was found so far is printed, nothing is left running)";

}  // namespace tool
