#pragma once

#include <stdexcept>

namespace forest {

/// How the program ends, with the numbers that all subcommands of the tool have.
enum Exit : int {
    done = 0,
    work_failed = 1,    ///< a fit failed, took too long or lost its worker again and again
    bad_input = 2,      ///< the command line, or what is in the file
    system_limit = 3,   ///< the system refused: processes, memory, or the output
    interrupted = 130,  ///< Ctrl-C: what was found so far is printed
};

/// Each says in one line what is wrong and what to do.
struct WorkFailed : std::runtime_error {
    using runtime_error::runtime_error;
};
struct BadInput : std::runtime_error {
    using runtime_error::runtime_error;
};
struct SystemLimit : std::runtime_error {
    using runtime_error::runtime_error;
};

}  // namespace forest
