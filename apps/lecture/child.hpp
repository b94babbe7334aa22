#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "fd.hpp"

namespace lecture {

/// An anonymous file that holds `text` and is read from its beginning. Throws std::system_error.
[[nodiscard]] Fd file_of(std::string_view text);

struct ChildOptions {
    std::vector<std::string> argv;          ///< argv[0] is a path
    Fd input{};                             ///< its standard input; none: empty
    std::chrono::milliseconds deadline{0};  ///< then it is killed, its children too; 0: never
};

/// How a child ended.
struct Ending {
    enum class How { exited, signalled, late };
    How how = How::exited;
    int code = 0;        ///< exit status, or signal
    double seconds = 0;  ///< from its start to its end
    std::string out;     ///< all it wrote to its standard output
    std::string err;     ///< all it wrote to its standard error
};

/// Another program, running beside this one under a guard: a small process between the two that
/// knows only how to pass on a stop (Ctrl-Z), a continuation and an end. However this program ends,
/// Ctrl-C and `kill -9` included, the guard ends the child and whatever the child has started, and
/// reaps them. Not for threads: one thread makes it, waits for it and lives until it is gone.
class Child {
public:
    /// Throws std::system_error when nothing can be started. A program that cannot be executed is a
    /// child that exits with status 127.
    explicit Child(ChildOptions options);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    /// Kills what still runs.
    ~Child();

    /// Blocks until it has ended; to be called once.
    Ending wait();

private:
    struct Report;

    Report* report_ = nullptr;  // shared with the guard, who writes it
    Fd out_;
    Fd err_;
    pid_t guard_ = -1;
};

}  // namespace lecture
