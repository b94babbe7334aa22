#include "trace/unversioned.hpp"

#include <string_view>
#include <typeinfo>

#include <cxxabi.h>

#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

/// The name of the namespace, from what the compiler calls one of its types:
/// "N8procpool4v0_110PoolClosedE".
std::string version() {
    constexpr std::string_view before = "N8procpool";
    const std::string_view mangled = typeid(PoolClosed).name();
    std::size_t at = before.size();
    std::size_t length = 0;
    while (mangled[at] >= '0' && mangled[at] <= '9') {
        length = 10 * length + static_cast<std::size_t>(mangled[at++] - '0');
    }
    return std::string(mangled.substr(at, length));
}

}  // namespace

std::string unversioned(std::string name) {
    const std::string versioned = "procpool::" + version() + "::";
    constexpr std::string_view plain = "procpool::";
    for (auto at = name.find(versioned); at != std::string::npos; at = name.find(versioned, at)) {
        name.replace(at, versioned.size(), plain);
    }
    return name;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
