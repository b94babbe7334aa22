#include "ship/elf_symbols.hpp"

#include <cstring>
#include <span>
#include <string_view>

#include <elf.h>
#include <link.h>

namespace procpool::ship {
namespace {

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

using Bytes = std::span<const std::byte>;

/// The object at an offset, if it lies in the file.
template <class T>
bool read(Bytes file, std::uint64_t offset, T& out) {
    if (offset > file.size() || file.size() - offset < sizeof out) {
        return false;
    }
    std::memcpy(&out, file.data() + offset, sizeof out);
    return true;
}

Bytes content(Bytes file, const Section& section) {
    if (section.sh_type == SHT_NOBITS || section.sh_offset > file.size() ||
        file.size() - section.sh_offset < section.sh_size) {
        return {};
    }
    return file.subspan(section.sh_offset, section.sh_size);
}

bool is_function(const Symbol& symbol) {
    const int type = symbol.st_info & 0xf;
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF;
}

std::string_view text_at(Bytes strings, std::uint64_t offset) {
    if (offset >= strings.size()) {
        return {};
    }
    const auto* const text = reinterpret_cast<const char*>(strings.data() + offset);
    return {text, ::strnlen(text, strings.size() - offset)};
}

std::string_view find(Bytes file, const Section& table, Bytes strings, std::uint64_t address) {
    const Bytes symbols = content(file, table);
    Symbol symbol;
    for (std::uint64_t at = 0; read(symbols, at, symbol); at += sizeof symbol) {
        if (is_function(symbol) && address >= symbol.st_value &&
            address - symbol.st_value < symbol.st_size) {
            return text_at(strings, symbol.st_name);
        }
    }
    return {};
}

}  // namespace

ElfSymbols::ElfSymbols(const char* path) noexcept : file_(os::map_file(path)) {}

std::string ElfSymbols::at(std::uint64_t address) const {
    const Bytes file(file_.data(), file_.size());
    Header header;
    if (!read(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header.e_shentsize != sizeof(Section)) {
        return {};
    }
    // The full table first: the one for the dynamic linker lacks what is local.
    for (const unsigned wanted : {unsigned{SHT_SYMTAB}, unsigned{SHT_DYNSYM}}) {
        Section table;
        Section strings;
        for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
            if (read(file, header.e_shoff + i * sizeof table, table) && table.sh_type == wanted &&
                read(file, header.e_shoff + table.sh_link * sizeof strings, strings)) {
                const auto name = find(file, table, content(file, strings), address);
                if (!name.empty()) return std::string(name);
            }
        }
    }
    return {};
}

}  // namespace procpool::ship
