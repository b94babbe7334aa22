#pragma once

#if defined(PROCPOOL_HAS_LIBDW)

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <procpool/detail/namespace.hpp>

#include "os/shared_library.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// The functions of libdw, by its own names. libdw is not linked: a program that uses procpool
/// needs nothing but libc and libstdc++. It is loaded when a stack is to be read for the first
/// time.
class Libdw {
public:
    /// Null where libdw is not installed. A forked process loads it anew: another thread of its
    /// parent may have been loading it. Any thread.
    static const Libdw* get();

    Libdw();

    decltype(&::dwfl_begin) dwfl_begin = nullptr;
    decltype(&::dwfl_end) dwfl_end = nullptr;
    decltype(&::dwfl_report_begin) dwfl_report_begin = nullptr;
    decltype(&::dwfl_report_elf) dwfl_report_elf = nullptr;
    decltype(&::dwfl_report_end) dwfl_report_end = nullptr;
    decltype(&::dwfl_build_id_find_elf) dwfl_build_id_find_elf = nullptr;
    decltype(&::dwfl_build_id_find_debuginfo) dwfl_build_id_find_debuginfo = nullptr;
    decltype(&::dwfl_offline_section_address) dwfl_offline_section_address = nullptr;
    decltype(&::dwfl_module_addrdie) dwfl_module_addrdie = nullptr;
    decltype(&::dwfl_module_nextcu) dwfl_module_nextcu = nullptr;
    decltype(&::dwarf_getsrc_die) dwarf_getsrc_die = nullptr;
    decltype(&::dwarf_lineno) dwarf_lineno = nullptr;
    decltype(&::dwarf_linesrc) dwarf_linesrc = nullptr;
    decltype(&::dwarf_haspc) dwarf_haspc = nullptr;
    decltype(&::dwarf_getscopes) dwarf_getscopes = nullptr;
    decltype(&::dwarf_getscopes_die) dwarf_getscopes_die = nullptr;
    decltype(&::dwarf_tag) dwarf_tag = nullptr;
    decltype(&::dwarf_diename) dwarf_diename = nullptr;
    decltype(&::dwarf_attr) dwarf_attr = nullptr;
    decltype(&::dwarf_formref_die) dwarf_formref_die = nullptr;
    decltype(&::dwarf_formudata) dwarf_formudata = nullptr;
    decltype(&::dwarf_getsrcfiles) dwarf_getsrcfiles = nullptr;
    decltype(&::dwarf_filesrc) dwarf_filesrc = nullptr;

private:
    os::SharedLibrary library_{"libdw.so.1"};
    bool complete_ = false;
};

}  // namespace trace
PROCPOOL_END_NAMESPACE

#endif
