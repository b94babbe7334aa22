#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "system.hpp"

namespace lecture {

/// An anonymous file with this text, to be read from its beginning. Throws std::system_error.
[[nodiscard]] Fd file_of(std::string_view text);

struct ChildOptions {
    std::vector<std::string> argv;          ///< argv[0] is a path
    Fd input{};                             ///< its standard input; if not given, /dev/null
    std::chrono::milliseconds deadline{0};  ///< kills it and its children when over; 0: never
};

/// How a child ended.
struct Ending {
    enum class How { exited, signalled, late };
    How how = How::exited;
    int code = 0;        ///< exit status, or signal
    double seconds = 0;  ///< from its start to its end
    std::string out;     ///< all that it wrote to its standard output
    std::string err;     ///< all that it wrote to its standard error
};

/// Another program that runs beside this one, under a guard. The guard is a small process between
/// the two. It passes on a stop (Ctrl-Z), a continuation and an end: however this program ends,
/// even by Ctrl-C or `kill -9`, the guard ends the child and all that the child has started, and
/// reaps them. For one thread, which makes it, waits for it and lives until it is gone.
class Child {
public:
    /// Starts the program. Throws std::system_error when no process can be started. If there is no
    /// such program, the child exits with status 127.
    explicit Child(ChildOptions options);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    /// Kills the child if it still runs.
    ~Child();

    /// Blocks until the child has ended. To be called once.
    Ending wait();

private:
    struct Report;

    Report* report_ = nullptr;  // shared with the guard, which writes it
    Fd out_;
    Fd err_;
    pid_t guard_ = -1;
};

}  // namespace lecture
