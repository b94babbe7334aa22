#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>

#include <cxxabi.h>

#include <procpool/detail/failure.hpp>

#include "trace/unversioned.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

std::string readable_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
    std::string name = trace::unversioned(demangled != nullptr ? demangled.get() : type.name());

    const auto replace = [&name](std::string_view from, std::string_view to) {
        for (auto at = name.find(from); at != std::string::npos;
             at = name.find(from, at + to.size())) {
            name.replace(at, from.size(), to);
        }
    };
    replace("__cxx11::", "");
    replace("[abi:cxx11]", "");
    replace("std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
            "std::string");
    // std::throw_with_nested throws a type of its own, which holds the exception that it was given.
    constexpr std::string_view nested = "std::_Nested_exception<";
    if (name.starts_with(nested) && name.ends_with('>')) {
        name = name.substr(nested.size(), name.size() - nested.size() - 1);
    }
    return name;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
