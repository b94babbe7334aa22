#pragma once

#include <stdexcept>
#include <string>

namespace tool {

/// How every subcommand ends.
enum Exit : int {
    done = 0,
    failed = 1,         ///< the work was done, but nothing was found, or a part of it failed
    bad_usage = 2,      ///< the command line, the input, or a goal that cannot be met
    system_limit = 3,   ///< the system refused: processes, memory, or the output cannot be written
    interrupted = 130,  ///< Ctrl-C: what was found so far is printed, and nothing runs any more
};

/// Ends the subcommand with bad_usage and one line that says what to do.
struct BadUsage : std::runtime_error {
    using runtime_error::runtime_error;
};

/// Ends the subcommand with system_limit and one line that says what to do.
struct SystemLimit : std::runtime_error {
    using runtime_error::runtime_error;
};

/// The work ended early: what was found till then is printed, then this line, and the subcommand
/// ends with `code`.
struct Stopped : std::runtime_error {
    Stopped(Exit exit, const std::string& why) : runtime_error(why), code(exit) {}
    Exit code;
};

/// For the footer of a subcommand's --help.
inline constexpr auto exit_codes = R"(Exit status:
    0  done
    1  nothing was found, or a part of the work failed; what was found is printed
    2  the command line or the input is wrong, or the goal cannot be met
    3  the system refused: processes, memory, or the output cannot be written
  130  Ctrl-C: what was found so far is printed, nothing is left running)";

}  // namespace tool
