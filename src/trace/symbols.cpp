#include "trace/symbols.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "os/file.hpp"
#include "os/own.hpp"
#include "trace/debug_info.hpp"
#include "trace/elf_symbols.hpp"
#include "trace/frame_kinds.hpp"
#include "trace/function_name.hpp"
#include "trace/stack.hpp"
#include "trace/unversioned.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
    return text.data();
}

/// A file of code, and the frames that were looked up at its addresses.
class CodeFile {
public:
    explicit CodeFile(const std::string& path)
        : name_(name_of(path)),
          path_(path.empty() ? own_program : path),
          is_own_program_(path.empty()) {}

    /// The frames at an address: those that are inlined there, and the function around them.
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

    /// Gives back the memory that only looking up needs, a copy of the file.
    void close_debug_info() {
        if (!is_own_program_) {
            debug_info_.reset();
        }
    }

private:
    static constexpr const char* own_program = "/proc/self/exe";
    static constexpr std::size_t most_known = 4096;
    /// Of larger files no lines are named, only functions.
    static constexpr std::uint64_t most_copied = std::uint64_t{64} << 20U;

    /// Without its directory.
    static std::string name_of(const std::string& path) {
        const std::string whole = path.empty() ? os::program_path() : path;
        const std::size_t begin = whole.rfind('/') + 1;
        return begin < whole.size() ? whole.substr(begin) : whole;
    }

    /// libdw maps what it reads, but somebody may truncate a file that a worker named. So libdw
    /// gets a copy. Not of the program itself: while a program runs the kernel lets nobody write to
    /// it.
    void open_debug_info(const os::Fd& file) {
        os::Fd unchanging =
            is_own_program_ ? os::open_regular(own_program) : os::copy_of(file, most_copied);
        if (unchanging) {
            debug_info_.emplace(std::move(unchanging), path_.c_str());
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
            // The symbol also has the arguments of templates and the names of lambdas.
            if (const std::string symbol = elf_symbol(file, address); !symbol.empty()) {
                frame.function = function_name(symbol);
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

/// The files of code met so far.
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

    void close_debug_info() {
        for (auto& [path, file] : files) {
            file.close_debug_info();
        }
    }
};

/// One line for each frame. Of a function that calls itself again and again only a few are shown.
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
            frames.push_back({hexadecimal(line.address), {}, FrameKind::of_runtime});
            continue;
        }
        const auto& found = code.file(line.path).at(line.address);
        frames.insert(frames.end(), found.begin(), found.end());
    }
    code.close_debug_info();
    keep_frames_of_task(frames);
    Trace trace{.place = {}, .text = lines_of(frames)};
    const auto blamed = std::ranges::find(frames, FrameKind::of_program, &Frame::kind);
    if (blamed != frames.end() && !blamed->function.empty()) {
        trace.place = blamed->text;
    }
    return trace;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
