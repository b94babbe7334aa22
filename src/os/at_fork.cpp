#include "os/at_fork.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <elf.h>
#include <link.h>
#include <pthread.h>

#include "os/loaded_objects.hpp"

#if defined(__GLIBC__)
// What pthread_atfork() calls there. A weak reference, so that it can be told from one of others.
// NOLINTBEGIN(bugprone-reserved-identifier): the names of the C library
extern "C" int __register_atfork(void (*)(), void (*)(), void (*)(), void*) __attribute__((weak));
extern "C" void* __dso_handle __attribute__((visibility("hidden")));
// NOLINTEND(bugprone-reserved-identifier)
#endif

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// What an object refers to, as the dynamic linker finds it.
struct Symbols {
    const ElfW(Sym) * table = nullptr;
    const char* names = nullptr;
    std::size_t names_size = 0;
    std::size_t count = 0;
};

std::uintptr_t address_of(const dl_phdr_info& object, const ElfW(Dyn) & entry) {
    // The C library has added where the object lies; not to that of the kernel.
    const auto value = static_cast<std::uintptr_t>(entry.d_un.d_ptr);
    return value < object.dlpi_addr ? value + object.dlpi_addr : value;
}

Symbols symbols_of(const dl_phdr_info& object) {
    Symbols symbols;
    std::uintptr_t dynamic = 0;
    for (std::size_t i = 0; i < object.dlpi_phnum; ++i) {
        if (object.dlpi_phdr[i].p_type == PT_DYNAMIC) {
            dynamic = object.dlpi_addr + object.dlpi_phdr[i].p_vaddr;
        }
    }
    if (dynamic == 0) {
        return symbols;
    }
    // NOLINTBEGIN(performance-no-int-to-ptr): addresses are numbers in these tables
    for (const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(dynamic); entry->d_tag != DT_NULL;
         ++entry) {
        const std::uintptr_t at = address_of(object, *entry);
        switch (entry->d_tag) {
            case DT_SYMTAB:
                symbols.table = reinterpret_cast<const ElfW(Sym)*>(at);
                break;
            case DT_STRTAB:
                symbols.names = reinterpret_cast<const char*>(at);
                break;
            case DT_STRSZ:
                symbols.names_size = entry->d_un.d_val;
                break;
            case DT_HASH:
                symbols.count = reinterpret_cast<const std::uint32_t*>(at)[1];
                break;
            default:
                break;
        }
    }
    // NOLINTEND(performance-no-int-to-ptr)
    const auto begin = reinterpret_cast<std::uintptr_t>(symbols.table);
    const auto end = reinterpret_cast<std::uintptr_t>(symbols.names);
    if (symbols.count == 0 && begin < end) {
        // Nothing says how many there are, but linkers put the names behind them. What may lie
        // between is of this object, too.
        symbols.count = (end - begin) / sizeof(ElfW(Sym));
    }
    return symbols;
}

/// Do others refer, by it, to what registers handlers?
bool registers(const ElfW(Sym) & symbol, const Symbols& all) {
    if (symbol.st_shndx != SHN_UNDEF || symbol.st_info >> 4U != STB_GLOBAL ||
        symbol.st_name >= all.names_size) {
        return false;
    }
    const char* const name = all.names + symbol.st_name;
    return std::strcmp(name, "__register_atfork") == 0 || std::strcmp(name, "pthread_atfork") == 0;
}

struct Search {
    bool is_program = true;  // which is the first object
    bool found = false;
};

int look_at(dl_phdr_info* object, std::size_t /*size*/, void* data) {
    auto& search = *static_cast<Search*>(data);
    const Symbols symbols = symbols_of(*object);
    const bool is_known =
        symbols.table != nullptr && symbols.names != nullptr && symbols.count != 0;
    search.found = search.is_program && !is_known;
    search.is_program = false;
    for (std::size_t i = 1; is_known && i < symbols.count && !search.found; ++i) {
        search.found = registers(symbols.table[i], symbols);
    }
    return search.found ? 1 : 0;
}

}  // namespace

int at_fork(void (*prepare)(), void (*parent)(), void (*child)()) noexcept {
#if defined(__GLIBC__)
    return __register_atfork != nullptr ? __register_atfork(prepare, parent, child, __dso_handle)
                                        : ENOSYS;
#else
    return ::pthread_atfork(prepare, parent, child);
#endif
}

bool others_may_run_at_fork() {
    Search search;
    for_each_object(look_at, &search);
    return search.found;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
