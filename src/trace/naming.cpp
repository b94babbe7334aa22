#include "trace/naming.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "os/clock.hpp"
#include "os/helper.hpp"
#include "trace/code_file.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

constexpr std::uint64_t longest_lookup = 2'000 * os::ms;
constexpr std::size_t longest_answer = std::size_t{1} << 20U;

// The answer: for each line the number of its frames, and each frame.

void put(std::string& to, std::uint32_t number) {
    to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& to, std::string_view text) {
    put(to, static_cast<std::uint32_t>(text.size()));
    to.append(text);
}

bool take(std::string_view& from, std::uint32_t& number) {
    if (from.size() < sizeof number) {
        return false;
    }
    std::memcpy(&number, from.data(), sizeof number);
    from.remove_prefix(sizeof number);
    return true;
}

bool take(std::string_view& from, std::string& text) {
    std::uint32_t size = 0;
    if (!take(from, size) || from.size() < size) {
        return false;
    }
    text = from.substr(0, size);
    from.remove_prefix(size);
    return true;
}

bool take(std::string_view& from, Frame& frame) {
    std::uint32_t kind = 0;
    if (!take(from, kind) || kind > static_cast<std::uint32_t>(FrameKind::machinery)) {
        return false;
    }
    frame.kind = static_cast<FrameKind>(kind);
    return take(from, frame.text) && take(from, frame.function);
}

/// In the helper. Each line's answer is sent at once: what comes before its end counts.
void answer(const std::vector<StackLine>& lines, const os::Fd& to) {
    std::map<std::string_view, CodeFile> files;
    for (const StackLine& line : lines) {
        CodeFile& file = files.try_emplace(line.path, line.path).first->second;
        const std::vector<Frame> frames = file.at(line.address);
        std::string text;
        put(text, static_cast<std::uint32_t>(frames.size()));
        for (const Frame& frame : frames) {
            put(text, static_cast<std::uint32_t>(frame.kind));
            put(text, frame.text);
            put(text, frame.function);
        }
        if (!os::write_answer(to, text)) {
            return;
        }
    }
}

}  // namespace

std::optional<std::vector<std::vector<Frame>>> ask_helper(const std::vector<StackLine>& lines) {
    const auto bytes = os::answer_of_helper([&](const os::Fd& to) { answer(lines, to); },
                                            longest_lookup, longest_answer);
    if (!bytes) {
        return std::nullopt;
    }
    std::vector<std::vector<Frame>> names;
    std::string_view left = *bytes;
    for (std::uint32_t count = 0; names.size() < lines.size() && take(left, count);) {
        std::vector<Frame> frames;
        Frame frame;
        while (frames.size() < count && take(left, frame)) {
            frames.push_back(frame);
        }
        if (frames.size() != count) {
            break;  // cut short
        }
        names.push_back(std::move(frames));
    }
    return names;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
