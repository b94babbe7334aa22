#include "trace/symbols.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <cxxabi.h>

#include "os/file.hpp"
#include "os/own.hpp"
#include "trace/debug_info.hpp"
#include "trace/elf_symbols.hpp"
#include "trace/stack.hpp"
#include "trace/unversioned.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

/// One line of a trace.
struct Frame {
    std::string text;
    std::string function;  // as `text` shows it; empty if it is not known
    enum class Kind { of_program, of_runtime, throwing, machinery } kind{};
};

// ---- Names
// -----------------------------------------------------------------------------------------

std::string demangled(const std::string& symbol) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
    return unversioned(name != nullptr ? name.get() : symbol);
}

/// Where the parameter list begins that ends the name: the last parenthesis opened outside of all
/// others, and of template arguments.
std::size_t parameters_of(std::string_view name) {
    int depth = 0;
    for (std::size_t at = name.size(); at-- > 0;) {
        const char c = name[at];
        if (c == ')' || c == '}') {
            ++depth;
        }
        if (c == '(' || c == '{') {
            --depth;
        }
        if (c == '(' && depth == 0) {
            const bool belongs = at == 0 || name.substr(0, at).ends_with("operator") ||
                                 name.substr(at).starts_with("(anonymous namespace)");
            return belongs ? name.size() : at;
        }
    }
    return name.size();
}

/// "int app::parse<int>(std::string const&)": "app::parse<int>".
std::string without_parameters(const std::string& name) {
    std::string_view rest = std::string_view(name).substr(0, parameters_of(name));
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < rest.size(); ++at) {
        const char c = rest[at];
        if (rest.substr(at).starts_with("operator")) {
            break;  // its name may have anything
        }
        if (c == '<' || c == '(' || c == '{') {
            ++depth;
        }
        if (c == '>' || c == ')' || c == '}') {
            --depth;
        }
        if (c == ' ' && depth == 0) {
            begin = at + 1;
        }
    }
    return std::string(rest.substr(begin));
}

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> prefixes) {
    return std::ranges::any_of(prefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

bool is_any(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
}

/// The functions between a failure and the code that is to blame: those that throw, abort, end.
bool is_throwing(std::string_view name) {
    return starts_with_any(name, {"_Unwind_", "__cxa_", "__gxx_personality",
                                  "__cxxabiv1::", "__gnu_cxx::__verbose_terminate",
                                  "__pthread_kill", "__assert_fail", "std::__throw_",
                                  "std::rethrow_exception", "std::throw_with_nested",
                                  "std::terminate", "procpool::os::", "procpool::trace::"}) ||
           is_any(name, {"abort", "raise", "gsignal", "pthread_kill", "__libc_message",
                         "malloc_printerr", "__fortify_fail", "__stack_chk_fail", "__chk_fail",
                         PROCPOOL_SYMBOL(note_throw)});
}

/// A name that the demangler does not know, for its constraints or its lambdas, and that begins
/// with this scope.
bool is_mangled_in(std::string_view name, std::string_view scope) {
    if (!name.starts_with("_Z")) {
        return false;
    }
    name.remove_prefix(std::min(name.find_first_not_of("ZNKVRO", 2), name.size()));
    return name.starts_with(scope);
}

bool is_machinery(std::string_view name) {
    return starts_with_any(name, {"procpool::detail::", "procpool::engine::", "std::invoke",
                                  "std::__invoke", "std::apply", "std::__apply"}) ||
           is_mangled_in(name, "8procpool") || is_mangled_in(name, "St6invoke") ||
           is_mangled_in(name, "St8__invoke") || is_mangled_in(name, "St5apply");
}

bool is_runtime(std::string_view name, std::string_view file) {
    return starts_with_any(name, {"std::", "__gnu_cxx::"}) ||
           starts_with_any(file, {"libc.so", "libstdc++.so", "libc++", "libgcc_s.so", "libm.so",
                                  "libpthread.so", "linux-vdso.so", "ld-linux", "libasan.so",
                                  "libubsan.so", "libtsan.so"});
}

Frame::Kind kind_of(std::string_view function, std::string_view file) {
    if (is_throwing(function)) {
        return Frame::Kind::throwing;
    }
    if (is_machinery(function)) {
        return Frame::Kind::machinery;
    }
    return is_runtime(function, file) ? Frame::Kind::of_runtime : Frame::Kind::of_program;
}

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
    return text.data();
}

// ---- Files
// -----------------------------------------------------------------------------------------

/// A file that code lies in, with what is known of its addresses.
class CodeFile {
public:
    explicit CodeFile(const std::string& path)
        : name_(name_of(path)),
          path_(path.empty() ? own_program : path),
          is_own_program_(path.empty()) {}

    /// The frames at an address: one, and those inlined into it.
    const std::vector<Frame>& at(std::uint64_t address) {
        if (known_.size() >= most_known) {
            known_.clear();
        }
        const auto [place, fresh] = known_.try_emplace(address);
        if (fresh) {
            try {
                place->second = look_up(address);
            } catch (...) {
                known_.erase(place);
                throw;
            }
        }
        return place->second;
    }

    /// Frees what only looking up needs, a copy of the file.
    void rest() {
        if (!is_own_program_) {
            debug_info_.reset();
        }
    }

private:
    static constexpr const char* own_program = "/proc/self/exe";
    static constexpr std::size_t most_known = 4096;
    /// Of files beyond, functions are named, but no lines.
    static constexpr std::uint64_t most_copied = std::uint64_t{64} << 20U;

    static std::string name_of(const std::string& path) {
        std::error_code none;
        const auto whole = path.empty() ? std::filesystem::read_symlink(own_program, none)
                                        : std::filesystem::path(path);
        return whole.has_filename() ? whole.filename().native() : whole.native();
    }

    /// libdw maps what it reads, and any file that a worker named may be cut off beneath it: it
    /// gets a copy. Into a program that runs the kernel lets nobody write.
    void open_debug_info(const os::Fd& file) {
        os::Fd still =
            is_own_program_ ? os::open_regular(own_program) : os::copy_of(file, most_copied);
        if (still) {
            debug_info_.emplace(std::move(still), path_.c_str());
        }
    }

    [[nodiscard]] std::vector<Frame> look_up(std::uint64_t address) {
        std::vector<Frame> frames;
        const os::Fd file = os::open_regular(path_.c_str());
        if (!debug_info_ && file) {
            open_debug_info(file);
        }
        if (debug_info_) {
            for (const SourceFrame& source : debug_info_->at(address)) {
                frames.push_back(frame(source, file, address));
            }
        }
        if (frames.empty()) {
            frames.push_back(frame({}, file, address));
        }
        return frames;
    }

    [[nodiscard]] Frame frame(const SourceFrame& source, const os::Fd& file,
                              std::uint64_t address) const {
        Frame frame;
        frame.function = unversioned(source.function);
        if (!source.inlined) {
            // The symbol has the arguments of templates, and the names of lambdas.
            if (const std::string symbol = elf_symbol(file, address); !symbol.empty()) {
                frame.function = without_parameters(demangled(symbol));
            }
        }
        const std::string at = source.line > 0 && !source.file.empty()
                                   ? source.file + ":" + std::to_string(source.line)
                               : frame.function.empty() ? name_ + "+" + hexadecimal(address)
                                                        : name_;
        frame.text = frame.function.empty() ? at : frame.function + " (" + at + ")";
        frame.kind = kind_of(frame.function, name_);
        return frame;
    }

    std::string name_;
    std::string path_;
    bool is_own_program_;
    std::optional<DebugInfo> debug_info_;
    std::unordered_map<std::uint64_t, std::vector<Frame>> known_;
};

/// The files met so far.
struct CodeFiles {
    static constexpr std::size_t most_files = 64;

    std::mutex mutex;
    std::map<std::string, CodeFile, std::less<>> files;

    CodeFile& file(std::string_view path) {
        const auto known = files.find(path);
        if (known != files.end()) {
            return known->second;
        }
        if (files.size() >= most_files) {
            files.clear();
        }
        const std::string name(path);
        return files.try_emplace(name, name).first->second;
    }

    void rest() {
        for (auto& [path, file] : files) {
            file.rest();
        }
    }
};

// ---- What is shown
// -----------------------------------------------------------------------------------------

bool is(const Frame& frame, Frame::Kind kind) { return frame.kind == kind; }

/// Leaves what the task called, from what is to blame on.
void trim(std::vector<Frame>& frames) {
    const auto of_program = std::ranges::find(frames, Frame::Kind::of_program, &Frame::kind);
    // What throws or aborts, up to the first that was called to do something else.
    const auto last_throwing =
        std::find_if(std::reverse_iterator(of_program), frames.rend(),
                     [](const Frame& frame) { return is(frame, Frame::Kind::throwing); });
    auto begin = last_throwing.base();
    while (begin != frames.begin() && begin != of_program && begin->function.empty()) {
        ++begin;
    }
    // The machinery beneath the task. Where all of the task was inlined into it, and there is no
    // debug information to tell them apart, its innermost function names the task in its type.
    auto end = frames.end();
    while (end != begin && is(*(end - 1), Frame::Kind::machinery)) {
        --end;
    }
    if (end == begin && end != frames.end()) {
        ++end;
    }
    frames.erase(end, frames.end());
    frames.erase(frames.begin(), begin);
}

/// A line a frame; a function that calls itself again and again is shown a few times.
std::string lines_of(const std::vector<Frame>& frames) {
    constexpr std::size_t shown_of_run = 3;
    std::string text;
    for (std::size_t at = 0; at < frames.size();) {
        std::size_t end = at + 1;
        while (end < frames.size() && frames[end].text == frames[at].text) {
            ++end;
        }
        const std::size_t shown = std::min(end - at, shown_of_run);
        for (std::size_t i = 0; i < shown; ++i) {
            text += (text.empty() ? "" : "\n") + frames[at].text;
        }
        if (end - at > shown) {
            text += "\n... " + std::to_string(end - at - shown) + " more of it";
        }
        at = end;
    }
    return text;
}

}  // namespace

Trace symbolise(std::string_view stack) {
    if (stack.empty()) {
        return {};
    }
    CodeFiles& code = os::own<CodeFiles>();
    const std::scoped_lock lock(code.mutex);
    std::vector<Frame> frames;
    for (StackLine line; take_line(stack, line);) {
        if (line.path == "?") {
            frames.push_back({hexadecimal(line.address), {}, Frame::Kind::of_runtime});
            continue;
        }
        const auto& found = code.file(line.path).at(line.address);
        frames.insert(frames.end(), found.begin(), found.end());
    }
    code.rest();
    trim(frames);
    Trace trace{.place = {}, .text = lines_of(frames)};
    const auto blamed = std::ranges::find(frames, Frame::Kind::of_program, &Frame::kind);
    if (blamed != frames.end() && !blamed->function.empty()) {
        trace.place = blamed->text;
    }
    return trace;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
