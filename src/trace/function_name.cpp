#include "trace/function_name.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <cxxabi.h>

#include "trace/unversioned.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

std::string demangled(const std::string& symbol) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
    return unversioned(name != nullptr ? name.get() : symbol);
}

/// Where the parameter list at the end of the name begins: at the last parenthesis that is opened
/// outside of all others, and of template arguments.
std::size_t parameters_of(std::string_view name) {
    int depth = 0;
    for (std::size_t at = name.size(); at-- > 0;) {
        const char c = name[at];
        if (c == ')' || c == '}') {
            ++depth;
        }
        if (c == '(' || c == '{') {
            --depth;
        }
        if (c == '(' && depth == 0) {
            const bool is_part_of_name = at == 0 || name.substr(0, at).ends_with("operator") ||
                                         name.substr(at).starts_with("(anonymous namespace)");
            return is_part_of_name ? name.size() : at;
        }
    }
    return name.size();
}

/// Without parameters and return type.
std::string bare(std::string_view name) {
    const std::string_view rest = name.substr(0, parameters_of(name));
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < rest.size(); ++at) {
        const char c = rest[at];
        if (rest.substr(at).starts_with("operator")) {
            break;  // any character may follow
        }
        if (c == '<' || c == '(' || c == '{') {
            ++depth;
        }
        if (c == '>' || c == ')' || c == '}') {
            --depth;
        }
        if (c == ' ' && depth == 0) {
            begin = at + 1;
        }
    }
    return std::string(rest.substr(begin));
}

}  // namespace

std::string function_name(const std::string& symbol) { return bare(demangled(symbol)); }

}  // namespace trace
PROCPOOL_END_NAMESPACE
