#include "limits.hpp"

#include <fmt/format.h>

#include "text.hpp"

namespace tool {

std::optional<std::uint64_t> resource_limit(__rlimit_resource_t resource) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::nullopt;
    }
    return limit.rlim_cur;
}

void dump_no_core() {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
}

// The shared region is a file in memory, so the limit on the size of files holds for it.
std::optional<std::string> limit_of_shared_memory() {
    const auto limit = resource_limit(RLIMIT_FSIZE);
    if (!limit) {
        return std::nullopt;
    }
    return fmt::format(
        "files may have {} at most, too little for the memory that the processes share: raise it "
        "(ulimit -f)",
        counted(*limit, "byte"));
}

}  // namespace tool
