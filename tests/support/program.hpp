#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace support {

/// A helper program of the tests, tests/<name>_program.cpp, that runs. Everything that comes of it
/// carries its mark. Killed, with all that, at the end.
class Program {
public:
    explicit Program(const std::string& name, const std::vector<std::string>& arguments = {});
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    [[nodiscard]] pid_t pid() const { return pid_; }

    void kill() const;
    void signal(int number) const;
    /// To its group, as the terminal does.
    void signal_group(int number) const;
    /// The status of its end, as waitpid gives it.
    int wait();

    /// The next line it writes, without the newline; empty at the end of its output or when the
    /// patience is over.
    std::string line();

    /// What came of it and runs now, itself excepted.
    [[nodiscard]] std::vector<pid_t> offspring() const;

private:
    std::string mark_;
    pid_t pid_ = 0;
    int output_ = -1;
    bool reaped_ = false;
    int status_ = 0;
    std::string text_;
};

}  // namespace support
