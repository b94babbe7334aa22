#include "trace/code_file.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "os/file.hpp"
#include "trace/elf_symbols.hpp"
#include "trace/function_name.hpp"
#include "trace/unversioned.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

constexpr const char* own_program = "/proc/self/exe";
/// Of larger files no lines are named, only functions.
constexpr std::uint64_t most_copied = std::uint64_t{64} << 20U;
/// What takes a longer name apart needs more stack than a small one has.
constexpr std::size_t longest_plain = 250;

/// Without its directory.
std::string name_of(std::string_view path) {
    const std::string whole = path.empty() ? os::program_path() : std::string(path);
    const std::size_t begin = whole.rfind('/') + 1;
    return begin < whole.size() ? whole.substr(begin) : whole;
}

}  // namespace

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
    return text.data();
}

CodeFile::CodeFile(std::string_view path) : path_(path), name_(name_of(path)) {}

const char* CodeFile::path() const { return path_.empty() ? own_program : path_.c_str(); }

bool CodeFile::is_there() const { return static_cast<bool>(os::open_regular(path())); }

/// libdw maps what it reads, but somebody may truncate a file that a worker named. So libdw gets a
/// copy. Not of the program itself: while a program runs the kernel lets nobody write to it.
void CodeFile::open_debug_info(const os::Fd& file) {
    os::Fd unchanging =
        path_.empty() ? os::open_regular(own_program) : os::copy_of(file, most_copied);
    if (unchanging) {
        debug_info_.emplace(std::move(unchanging), path());
    }
}

std::vector<Frame> CodeFile::at(std::uint64_t address) {
    std::vector<Frame> frames;
    const os::Fd file = os::open_regular(path());
    if (!debug_info_ && file) {
        open_debug_info(file);
    }
    // The symbol also has the arguments of templates and the names of lambdas.
    const std::string symbol = elf_symbol(file, address);
    const std::string name = symbol.empty() ? "" : function_name(symbol);
    if (debug_info_) {
        for (const SourceFrame& source : debug_info_->at(address)) {
            frames.push_back(frame(source, source.inlined ? "" : name, address));
        }
    }
    if (frames.empty()) {
        frames.push_back(frame({}, name, address));
    }
    return frames;
}

Frame CodeFile::plain(std::uint64_t address) const {
    const std::string symbol = elf_symbol(os::open_regular(path()), address);
    return frame({},
                 symbol.empty() || symbol.size() > longest_plain ? symbol : function_name(symbol),
                 address);
}

Frame CodeFile::frame(const SourceFrame& source, std::string symbol_name,
                      std::uint64_t address) const {
    Frame frame;
    frame.function = symbol_name.empty() ? unversioned(source.function) : std::move(symbol_name);
    const std::string at = source.line > 0 && !source.file.empty()
                               ? source.file + ":" + std::to_string(source.line)
                           : frame.function.empty() ? name_ + "+" + hexadecimal(address)
                                                    : name_;
    frame.text = frame.function.empty() ? at : frame.function + " (" + at + ")";
    frame.kind = kind_of(frame.function, name_);
    return frame;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
