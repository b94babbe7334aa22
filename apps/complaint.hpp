#pragma once

#include <string>
#include <string_view>

namespace procpool::cli {

/// The line in which a command says what went wrong: its name, then why. An error of the library
/// begins with that name already.
inline std::string complaint(std::string_view why) {
    constexpr std::string_view name = "procpool: ";
    return std::string(why.starts_with(name) ? "" : name).append(why).append("\n");
}

}  // namespace procpool::cli
