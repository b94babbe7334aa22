#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "child.hpp"
#include "report.hpp"

namespace lecture {

/// python/lecture.py: the lecture in Python, for the peer.
extern const std::string_view python_script;

/// What another process answered to a request: one line of JSON.
struct Answer {
    Fate fate = Fate::done;
    json reply = json::object();  ///< if done
    std::string why{};            ///< if not: "SIGSEGV", "exit status 1: ModuleNotFoundError: ..."
    double seconds = 0;           ///< the life of the process

    /// reply[key] as a figure, or what became of the peer instead.
    [[nodiscard]] Figure figure(const std::string& key = "seconds") const;
};

/// Starts this very program again, as the peer `name` (see Cell::peers). Peers on threads run there
/// and not here: a program that has had threads is a worse place to fork from.
[[nodiscard]] Child start_self(std::string_view name, const json& request,
                               std::chrono::milliseconds deadline = {}, Fd input = {});
[[nodiscard]] Answer ask_self(std::string_view name, const json& request);

/// Python, as `python3` of the PATH, or none.
class Python {
public:
    /// Looks for it: a process that prints its version.
    Python();
    [[nodiscard]] bool present() const { return !version_.empty(); }
    [[nodiscard]] const std::string& version() const { return version_; }
    /// Runs function `name` of the script. Under a watchdog: whoever does not answer in time is
    /// `silent`.
    [[nodiscard]] Answer ask(std::string_view name, const json& request,
                             std::chrono::milliseconds deadline = std::chrono::seconds(30)) const;

private:
    std::string version_;
};

}  // namespace lecture
