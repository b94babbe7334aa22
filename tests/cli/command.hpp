#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>

#include "support/command.hpp"

/// Starts the program `procpool` as a person and as another program would.
namespace command {

using support::Arguments;
using support::ctrl_c;
using support::Ended;
using support::gone;

inline const std::string path =
    std::filesystem::path(PROCPOOL_PROGRAMS "/../../cli/procpool").lexically_normal();

/// Without a terminal, to its end. `prepare` runs in the child before the program.
inline Ended run(const Arguments& arguments, const std::function<void()>& prepare = {}) {
    return support::run(path, arguments, prepare);
}

/// At a terminal of so many columns, while it runs.
class Running : public support::AtTerminal {
public:
    explicit Running(const Arguments& arguments, unsigned short columns = 80,
                     const std::function<void()>& prepare = {})
        : AtTerminal(path, arguments, columns, prepare) {}
};

/// Complaints are one line that names the program.
inline bool is_one_line(const std::string& err) {
    return err.starts_with("procpool: ") && err.ends_with('\n') &&
           std::ranges::count(err, '\n') == 1;
}

}  // namespace command
