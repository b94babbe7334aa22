#pragma once

#include <cstdint>
#include <string>

#include "os/memory.hpp"

namespace procpool::ship {

/// The functions that an ELF file names in its symbol tables. The file may be any: nothing in it is
/// trusted.
class ElfSymbols {
public:
    explicit ElfSymbols(const char* path) noexcept;

    /// Whether there is such a file at all.
    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(file_); }

    /// The symbol of the function at an address as the file counts them; empty if it has none.
    /// Throws std::bad_alloc.
    [[nodiscard]] std::string at(std::uint64_t address) const;

private:
    os::Mapping file_;
};

}  // namespace procpool::ship
