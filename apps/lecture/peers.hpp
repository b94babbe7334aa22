#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "child.hpp"
#include "report.hpp"

namespace lecture {

/// The text of python/lecture.py: the lecture in Python.
extern const std::string_view python_script;

/// What another process answered to a request: one line of JSON.
struct Answer {
    Fate fate = Fate::done;
    json reply = json::object();  ///< if it is done
    std::string why{};            ///< if not: "SIGSEGV", "exit status 1: ModuleNotFoundError: ..."
    double seconds = 0;           ///< how long the process lived

    /// reply[key] as a figure; if the peer is not done, what became of it.
    [[nodiscard]] Figure figure(const std::string& key = "seconds") const;
};

/// Starts this program again, as the peer `name` (see Cell::peers). Peers on threads run there, so
/// that this process, which forks, never has threads.
[[nodiscard]] Child start_self(std::string_view name, const json& request,
                               std::chrono::milliseconds deadline = {}, Fd input = {});
/// The same, and waits for the answer.
[[nodiscard]] Answer ask_self(std::string_view name, const json& request);

/// The `python3` of the PATH, if there is one.
class Python {
public:
    /// Looks for it: starts it and asks for its version.
    Python();
    [[nodiscard]] bool present() const { return !version_.empty(); }
    [[nodiscard]] const std::string& version() const { return version_; }
    /// Runs the function `name` of the script and waits for its answer, at most until the deadline.
    /// Then the process is killed, and its fate is `silent`.
    [[nodiscard]] Answer ask(std::string_view name, const json& request,
                             std::chrono::milliseconds deadline = std::chrono::seconds(30)) const;

private:
    std::string version_;
};

}  // namespace lecture
