#include "os/memory_limit.hpp"

#include <algorithm>

#include "os/cgroup.hpp"
#include "os/file.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

std::size_t memory_of_container(const std::string& root) {
    std::size_t least = physical_memory();
    for (const ControlGroup& group : control_groups(root, "memory")) {
        // "max", or in version 1 a number near the largest, means none.
        const auto limit = number_in(group.directory +
                                     (group.version_2 ? "/memory.max" : "/memory.limit_in_bytes"));
        if (limit && *limit > 0) {
            least = std::min(least, static_cast<std::size_t>(*limit));
        }
    }
    return least;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
