#pragma once

#include <cstdint>
#include <string>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// The symbol of the function at an address, as the file counts addresses, from the symbol tables
/// of an ELF file; empty if there is none. The file may be any, and may change meanwhile: nothing
/// in it is trusted. Reads in constant memory. Throws std::bad_alloc.
[[nodiscard]] std::string elf_symbol(const os::Fd& file, std::uint64_t address);

}  // namespace trace
PROCPOOL_END_NAMESPACE
