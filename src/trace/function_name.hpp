#pragma once

#include <string>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// The name of a function from its symbol, without parameters, return type and the version of
/// procpool: "app::parse<int>" from the symbol of "int app::parse<int>(std::string const&)". A
/// symbol that the demangler does not know stays as it is. Throws std::bad_alloc.
[[nodiscard]] std::string function_name(const std::string& symbol);

}  // namespace trace
PROCPOOL_END_NAMESPACE
