#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// A control group, as the directory of its files.
struct ControlGroup {
    std::string directory;
    bool version_2 = false;
};

/// The control groups that bound what this process may use of a controller ("cpu", "memory",
/// "pids"): its own first, then those above, in every hierarchy that has it. Version 1 and 2,
/// wherever they are mounted. `root` is put before every path: empty, or a directory of a test.
[[nodiscard]] std::vector<ControlGroup> control_groups(const std::string& root,
                                                       std::string_view controller);

}  // namespace os
PROCPOOL_END_NAMESPACE
