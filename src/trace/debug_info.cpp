#include "trace/debug_info.hpp"

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

#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include <dwarf.h>

#include "trace/libdw.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

/// An array of entries (DIEs) that libdw allocated.
class Scopes {
public:
    Scopes(Dwarf_Die* dies, int count) : dies_(dies), count_(count > 0 ? count : 0) {}
    ~Scopes() { std::free(dies_); }  // NOLINT(cppcoreguidelines-no-malloc): libdw calls malloc
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

    /// The name of a function after those of all that it is declared in: "app::Parser::header".
    /// `depth`: in how many functions it may be nested; a damaged file may nest them without end.
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
                // That function may be declared elsewhere, in a class for example.
                return qualified_name(die, depth - 1) + "::" + name;
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
    // Debug information of its own, or from the system's directory of debug files. No server is
    // asked for more: that could take minutes.
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
    // For an inlined function these scopes are those of its declaration. The scopes of the entry
    // itself are those of the functions that it was inlined into.
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
    // An unoptimised lambda is an entry within a function whose addresses are others, so it is not
    // found. Its line is known all the same, and its symbol names it.
    if (frames.empty() && frame.line > 0) {
        frames.push_back(frame);
    }
    return frames;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE

#endif
