#include "trace/debug_info.hpp"

/// libdw is not linked: a program that uses procpool needs nothing but libc and libstdc++. It is
/// loaded when a stack is to be read for the first time; without it there are no lines.

#if !defined(PROCPOOL_HAS_LIBDW)

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

struct DebugInfo::File {};
DebugInfo::DebugInfo(os::Fd /*file*/, const char* /*path*/) {}
DebugInfo::~DebugInfo() = default;
std::vector<SourceFrame> DebugInfo::at(std::uint64_t /*address*/) const { return {}; }

}  // namespace trace
PROCPOOL_END_NAMESPACE

#else

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>

#include <dlfcn.h>
#include <dwarf.h>
#include <link.h>
#include <sys/auxv.h>

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "os/own.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

/// What is used of libdw, by its own names.
struct Libdw {
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

    /// Null where libdw is not installed. A forked process looks anew: another thread of its parent
    /// may have been at it.
    static const Libdw* get() {
        const Libdw& own = os::own<Libdw>();
        return own.complete_ ? &own : nullptr;
    }

    Libdw() {
        // Into a program without a dynamic linker it would bring a libc of its own, and crash.
        if (!has_dynamic_linker()) {
            return;
        }
        void* const library = ::dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);
        if (library == nullptr) {
            return;
        }
        bool complete = true;
        const auto find = [&](auto& function, const char* name) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
                ::dlsym(library, name));
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

private:
    static bool has_dynamic_linker() {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): so the kernel says it
        const std::span headers(reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR)),
                                ::getauxval(AT_PHNUM));
        return std::ranges::any_of(
            headers, [](const ElfW(Phdr) & header) { return header.p_type == PT_INTERP; });
    }

    bool complete_ = false;
};

/// An array of entries that libdw allocated.
class Scopes {
public:
    Scopes(Dwarf_Die* dies, int count) : dies_(dies), count_(count > 0 ? count : 0) {}
    ~Scopes() { std::free(dies_); }  // NOLINT(cppcoreguidelines-no-malloc): libdw's
    Scopes(const Scopes&) = delete;
    Scopes& operator=(const Scopes&) = delete;

    [[nodiscard]] std::span<Dwarf_Die> dies() const {
        return {dies_, static_cast<std::size_t>(count_)};
    }

private:
    Dwarf_Die* dies_;
    int count_;
};

std::string without_directory(const char* path) {
    const std::string_view whole = path == nullptr ? "" : path;
    return std::string(whole.substr(whole.rfind('/') + 1));
}

}  // namespace

struct DebugInfo::File {
    const Libdw& dw;
    Dwfl_Callbacks callbacks{};
    Dwfl* session = nullptr;
    Dwfl_Module* module = nullptr;

    explicit File(const Libdw& library) : dw(library) {}
    ~File() {
        if (session != nullptr) {
            dw.dwfl_end(session);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is(Dwarf_Die& die, int tag) const { return dw.dwarf_tag(&die) == tag; }

    bool follow(Dwarf_Die& die, unsigned attribute) const {
        Dwarf_Attribute found{};
        Dwarf_Die target{};
        if (dw.dwarf_attr(&die, attribute, &found) == nullptr ||
            dw.dwarf_formref_die(&found, &target) == nullptr) {
            return false;
        }
        die = target;
        return true;
    }

    Dwarf_Word number(Dwarf_Die& die, unsigned attribute) const {
        Dwarf_Attribute found{};
        Dwarf_Word value = 0;
        if (dw.dwarf_attr(&die, attribute, &found) == nullptr ||
            dw.dwarf_formudata(&found, &value) != 0) {
            return 0;
        }
        return value;
    }

    /// The compilation unit that the address lies in.
    Dwarf_Die* unit_of(std::uint64_t address, Dwarf_Addr& bias) const {
        if (Dwarf_Die* const unit = dw.dwfl_module_addrdie(module, address, &bias)) {
            return unit;
        }
        // Some compilers write no index of addresses.
        for (Dwarf_Die* unit = dw.dwfl_module_nextcu(module, nullptr, &bias); unit != nullptr;
             unit = dw.dwfl_module_nextcu(module, unit, &bias)) {
            if (dw.dwarf_haspc(unit, address - bias) == 1) {
                return unit;
            }
        }
        return nullptr;
    }

    /// Its name and those of what it is declared in: "app::Parser::header". `depth`: how many
    /// functions lie around it at most, for a file may say anything.
    std::string qualified_name(Dwarf_Die function, int depth = 8) const {
        follow(function, DW_AT_abstract_origin);
        follow(function, DW_AT_specification);
        Dwarf_Die* dies = nullptr;
        const int count = dw.dwarf_getscopes_die(&function, &dies);
        const Scopes scopes(dies, count);
        std::string name;
        for (Dwarf_Die& die : scopes.dies()) {
            const int tag = dw.dwarf_tag(&die);
            if (tag == DW_TAG_compile_unit || tag == DW_TAG_partial_unit) {
                break;
            }
            if (tag == DW_TAG_subprogram && !name.empty() && depth > 0) {
                return qualified_name(die, depth - 1) + "::" + name;  // may be declared elsewhere
            }
            if (tag != DW_TAG_subprogram && tag != DW_TAG_namespace &&
                tag != DW_TAG_structure_type && tag != DW_TAG_class_type &&
                tag != DW_TAG_union_type) {
                continue;
            }
            const char* const part = dw.dwarf_diename(&die);
            std::string shown = part != nullptr                  ? part
                                : tag == DW_TAG_namespace        ? "(anonymous namespace)"
                                : name.starts_with("operator()") ? "{lambda}"
                                                                 : "(unnamed)";
            name.insert(0, name.empty() ? shown : shown.append("::"));
        }
        return name;
    }

    std::string file_of_call(Dwarf_Die& unit, Dwarf_Die& inlined) const {
        Dwarf_Files* files = nullptr;
        std::size_t count = 0;
        const Dwarf_Word index = number(inlined, DW_AT_call_file);
        if (dw.dwarf_getsrcfiles(&unit, &files, &count) != 0 || index >= count) {
            return {};
        }
        return without_directory(dw.dwarf_filesrc(files, index, nullptr, nullptr));
    }
};

DebugInfo::DebugInfo(os::Fd code, const char* path) {
    const Libdw* const dw = Libdw::get();
    if (dw == nullptr) {
        return;
    }
    auto file = std::make_unique<File>(*dw);
    // Looks beside the system's own debug files, and asks no server for more: that could take
    // minutes.
    file->callbacks.find_elf = dw->dwfl_build_id_find_elf;
    file->callbacks.find_debuginfo = dw->dwfl_build_id_find_debuginfo;
    file->callbacks.section_address = dw->dwfl_offline_section_address;
    file->session = dw->dwfl_begin(&file->callbacks);
    if (file->session == nullptr) {
        return;
    }
    dw->dwfl_report_begin(file->session);
    file->module = dw->dwfl_report_elf(file->session, path, path, code.get(), 0, true);
    dw->dwfl_report_end(file->session, nullptr, nullptr);
    if (file->module != nullptr) {
        code.release();  // the session closes it
        file_ = std::move(file);
    }
}

DebugInfo::~DebugInfo() = default;

std::vector<SourceFrame> DebugInfo::at(std::uint64_t address) const {
    std::vector<SourceFrame> frames;
    if (file_ == nullptr) {
        return frames;
    }
    const File& file = *file_;
    Dwarf_Addr bias = 0;
    Dwarf_Die* const unit = file.unit_of(address, bias);
    if (unit == nullptr) {
        return frames;
    }
    SourceFrame frame;
    if (Dwarf_Line* const line = file.dw.dwarf_getsrc_die(unit, address - bias)) {
        frame.file = without_directory(file.dw.dwarf_linesrc(line, nullptr, nullptr));
        file.dw.dwarf_lineno(line, &frame.line);
    }
    Dwarf_Die* dies = nullptr;
    int count = file.dw.dwarf_getscopes(unit, address - bias, &dies);
    const Scopes innermost(dies, count);
    if (innermost.dies().empty()) {
        if (frame.line > 0) {
            frames.push_back(frame);
        }
        return frames;
    }
    // Around an inlined function these are what it was declared in; what it was inlined into is
    // around the entry itself.
    dies = nullptr;
    count = file.dw.dwarf_getscopes_die(innermost.dies().data(), &dies);
    const Scopes scopes(dies, count);
    for (Dwarf_Die& die : scopes.dies()) {
        frame.inlined = file.is(die, DW_TAG_inlined_subroutine);
        if (!frame.inlined && !file.is(die, DW_TAG_subprogram)) {
            continue;
        }
        frame.function = file.qualified_name(die);
        frames.push_back(frame);
        if (!frame.inlined) {
            break;
        }
        frame.file = file.file_of_call(*unit, die);
        frame.line = static_cast<int>(file.number(die, DW_AT_call_line));
    }
    // The body of a lambda, unoptimised, lies within a function whose addresses do not contain it,
    // and is not found: the line is known all the same, and the symbol names it.
    if (frames.empty() && frame.line > 0) {
        frames.push_back(frame);
    }
    return frames;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE

#endif
