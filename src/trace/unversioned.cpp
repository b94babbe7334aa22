#include "trace/unversioned.hpp"

#include <string_view>

// In two steps, so that the name of the macro is replaced by what it stands for.
#define PROCPOOL_TEXT(name) PROCPOOL_TEXT_OF(name)
#define PROCPOOL_TEXT_OF(name) #name

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

std::string unversioned(std::string name) {
    constexpr std::string_view versioned =
        "procpool::" PROCPOOL_TEXT(PROCPOOL_VERSION_NAMESPACE) "::";
    constexpr std::string_view plain = "procpool::";
    for (auto at = name.find(versioned); at != std::string::npos; at = name.find(versioned, at)) {
        name.replace(at, versioned.size(), plain);
    }
    return name;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
