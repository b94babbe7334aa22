#include "trace/libdw.hpp"

#if defined(PROCPOOL_HAS_LIBDW)

#include <type_traits>

#include "os/own.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

const Libdw* Libdw::get() {
    const Libdw& own = os::own<Libdw>();
    return own.complete_ ? &own : nullptr;
}

Libdw::Libdw() {
    bool complete = true;
    const auto find = [&](auto& function, const char* name) {
        function =
            reinterpret_cast<std::remove_reference_t<decltype(function)>>(library_.function(name));
        complete = complete && function != nullptr;
    };
    find(dwfl_begin, "dwfl_begin");
    find(dwfl_end, "dwfl_end");
    find(dwfl_report_begin, "dwfl_report_begin");
    find(dwfl_report_elf, "dwfl_report_elf");
    find(dwfl_report_end, "dwfl_report_end");
    find(dwfl_build_id_find_elf, "dwfl_build_id_find_elf");
    find(dwfl_build_id_find_debuginfo, "dwfl_build_id_find_debuginfo");
    find(dwfl_offline_section_address, "dwfl_offline_section_address");
    find(dwfl_module_addrdie, "dwfl_module_addrdie");
    find(dwfl_module_nextcu, "dwfl_module_nextcu");
    find(dwarf_getsrc_die, "dwarf_getsrc_die");
    find(dwarf_lineno, "dwarf_lineno");
    find(dwarf_linesrc, "dwarf_linesrc");
    find(dwarf_haspc, "dwarf_haspc");
    find(dwarf_getscopes, "dwarf_getscopes");
    find(dwarf_getscopes_die, "dwarf_getscopes_die");
    find(dwarf_tag, "dwarf_tag");
    find(dwarf_diename, "dwarf_diename");
    find(dwarf_attr, "dwarf_attr");
    find(dwarf_formref_die, "dwarf_formref_die");
    find(dwarf_formudata, "dwarf_formudata");
    find(dwarf_getsrcfiles, "dwarf_getsrcfiles");
    find(dwarf_filesrc, "dwarf_filesrc");
    complete_ = complete;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE

#endif
