#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>
#include <sys/wait.h>

/// Starts a program as a person at a terminal does, and as another program does.
namespace support {

using Arguments = std::vector<std::string>;

/// In place of this process; 126 if there is no such program. Its own name is the path's last part.
[[noreturn]] void execute(const std::string& path, const Arguments& arguments);

/// What came of a program.
struct Ended {
    int status = 0;  ///< as of waitpid
    std::string out{}, err{};

    [[nodiscard]] int exit_code() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
    [[nodiscard]] int signal() const { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
};

/// Without a terminal, to its end. `prepare` runs in the child before the program.
[[nodiscard]] Ended run(const std::string& path, const Arguments& arguments,
                        const std::function<void()>& prepare = {});

/// A program at a terminal of so many columns, while it runs. Ended and reaped at the latest with
/// this object.
class AtTerminal {
public:
    /// `prepare` runs in the child before the program.
    AtTerminal(const std::string& path, const Arguments& arguments, unsigned short columns = 80,
               const std::function<void()>& prepare = {});
    AtTerminal(const AtTerminal&) = delete;
    AtTerminal& operator=(const AtTerminal&) = delete;
    ~AtTerminal();

    [[nodiscard]] pid_t pid() const { return pid_; }

    void press(std::string_view keys) const;

    /// Reads on until the screen has shown `text`; false if the program ends without.
    [[nodiscard]] bool shows(std::string_view text);
    /// The same of an extended regular expression of POSIX.
    [[nodiscard]] bool shows_match(const char* pattern);

    /// Reads to the end of the program; its exit code, -1 if a signal ended it.
    int exit_code();

    /// All that was written to the terminal so far.
    [[nodiscard]] const std::string& screen() const { return screen_; }

    /// The workers of its pools.
    [[nodiscard]] std::vector<pid_t> workers() const;

private:
    [[nodiscard]] bool reads_until(const std::function<bool()>& condition);
    [[nodiscard]] bool read_on();

    int terminal_ = -1;
    pid_t pid_ = -1;
    bool reaped_ = false;
    std::string screen_;
};

inline constexpr std::string_view ctrl_c = "\x03";
inline constexpr std::string_view ctrl_z = "\x1a";

/// There is no process of this number, not even a zombie.
[[nodiscard]] bool gone(pid_t pid);

}  // namespace support
