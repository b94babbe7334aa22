#include "trace/elf_symbols.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include <elf.h>
#include <link.h>

#include "os/file.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

/// Bounds for files that may be damaged or, being sparse, seem endless: the longest symbol, and how
/// many are read.
constexpr std::size_t longest_name = 16 * 1024;
constexpr std::uint64_t most_symbols = std::uint64_t{1} << 24U;

/// The object at an offset, if it lies in the file.
template <class T>
bool read(const os::Fd& file, std::uint64_t offset, T& out) {
    return os::read_at(file, offset, std::as_writable_bytes(std::span(&out, 1)));
}

bool is_function(const Symbol& symbol) {
    const int type = symbol.st_info & 0xf;
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF;
}

/// The text at an offset of the section, up to its first zero.
std::string text_at(const os::Fd& file, const Section& strings, std::uint64_t offset) {
    std::string text;
    if (strings.sh_type == SHT_NOBITS || offset >= strings.sh_size) {
        return text;
    }
    std::uint64_t left = std::min<std::uint64_t>(strings.sh_size - offset, longest_name);
    std::uint64_t at = strings.sh_offset + offset;
    std::array<char, 256> part{};
    while (left > 0) {
        const auto wanted = std::span(part).first(std::min<std::uint64_t>(left, part.size()));
        if (!os::read_at(file, at, std::as_writable_bytes(wanted))) {
            return {};
        }
        const std::string_view whole(wanted.data(), wanted.size());
        const auto end = whole.find('\0');
        text += whole.substr(0, end);
        if (end != std::string_view::npos) {
            break;
        }
        at += wanted.size();
        left -= wanted.size();
    }
    return text;
}

/// The function that an address lies in.
std::optional<Symbol> find(const os::Fd& file, const Section& table, std::uint64_t address) {
    // So many at a time: few system calls, and room for them on a small stack.
    std::array<Symbol, 256> some{};
    std::uint64_t left = std::min(table.sh_size / sizeof(Symbol), most_symbols);
    for (std::uint64_t at = table.sh_offset; left > 0;) {
        const auto symbols = std::span(some).first(std::min<std::uint64_t>(left, some.size()));
        if (!os::read_at(file, at, std::as_writable_bytes(symbols))) {
            return {};
        }
        const auto found = std::ranges::find_if(symbols, [&](const Symbol& symbol) {
            return is_function(symbol) && address >= symbol.st_value &&
                   address - symbol.st_value < symbol.st_size;
        });
        if (found != symbols.end()) {
            return *found;
        }
        at += symbols.size_bytes();
        left -= symbols.size();
    }
    return {};
}

}  // namespace

std::string elf_symbol(const os::Fd& file, std::uint64_t address) {
    Header header;
    if (!read(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header.e_shentsize != sizeof(Section)) {
        return {};
    }
    // The full table first: the dynamic linker's has no local functions.
    for (const unsigned wanted : {unsigned{SHT_SYMTAB}, unsigned{SHT_DYNSYM}}) {
        Section table;
        Section strings;
        for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
            if (!read(file, header.e_shoff + i * sizeof table, table) || table.sh_type != wanted ||
                !read(file, header.e_shoff + table.sh_link * sizeof strings, strings)) {
                continue;
            }
            if (const auto symbol = find(file, table, address)) {
                std::string name = text_at(file, strings, symbol->st_name);
                if (!name.empty()) {
                    return name;
                }
            }
            break;  // there is only one table of each type
        }
    }
    return {};
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
