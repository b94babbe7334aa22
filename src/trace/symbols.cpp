#include "trace/symbols.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "os/cancellation.hpp"
#include "os/own.hpp"
#include "trace/code_file.hpp"
#include "trace/frame_kinds.hpp"
#include "trace/naming.hpp"
#include "trace/stack.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

/// A file of code, and an address in it.
using Place = std::pair<std::string, std::uint64_t>;
Place place_of(const StackLine& line) { return {std::string(line.path), line.address}; }

/// Names that were looked up. Each lookup that needs debug information starts a process, so they
/// are kept.
struct KnownFrames {
    static constexpr std::size_t most = 16 * 1024;

    std::mutex mutex;
    std::map<Place, std::vector<Frame>> frames;
};

using Names = std::vector<std::vector<Frame>>;

/// The frames of each line: those that are known, those that a helper finds, and where that fails
/// what the file's symbols tell. A place at which a helper died is not looked up again: the next
/// one would take as long.
Names names_of(const std::vector<StackLine>& lines) {
    KnownFrames& known = os::own<KnownFrames>();
    const std::scoped_lock lock(known.mutex);
    Names names(lines.size());
    std::vector<StackLine> unknown;
    std::set<Place> asked;
    for (const StackLine& line : lines) {
        if (line.path != unknown_path && !known.frames.contains(place_of(line)) &&
            asked.insert(place_of(line)).second && CodeFile(line.path).is_there()) {
            unknown.push_back(line);
        }
    }
    const auto plain = [](const StackLine& line) {
        return std::vector{CodeFile(line.path).plain(line.address)};
    };
    if (auto found = unknown.empty() ? std::nullopt : ask_helper(unknown)) {
        if (known.frames.size() + unknown.size() > KnownFrames::most) {
            known.frames.clear();
        }
        for (std::size_t i = 0; i < unknown.size(); ++i) {
            known.frames[place_of(unknown[i])] =
                i < found->size() ? std::move((*found)[i]) : plain(unknown[i]);
        }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const StackLine& line = lines[i];
        if (line.path == unknown_path) {
            names[i] = {{hexadecimal(line.address), {}, FrameKind::of_runtime}};
            continue;
        }
        const auto at = known.frames.find(place_of(line));
        names[i] = at != known.frames.end() ? at->second : plain(line);
    }
    return names;
}

/// Functions that call each other in turn, and inlined copies of one, repeat this many lines.
constexpr std::size_t longest_period = 24;

/// How many lines from `at` on repeat the `period` lines there, those included.
std::size_t length_of_run(const std::vector<Frame>& frames, std::size_t at, std::size_t period) {
    std::size_t end = at + period;
    while (end < frames.size() && frames[end].text == frames[end - period].text) {
        ++end;
    }
    return end - at;
}

/// One line for each frame. Of a recursion only the first rounds are shown.
std::string lines_of(const std::vector<Frame>& frames) {
    constexpr std::size_t fewest_rounds = 4;  // that count as a recursion
    std::string text;
    const auto show = [&](const std::string& line) { text += (text.empty() ? "" : "\n") + line; };
    for (std::size_t at = 0; at < frames.size();) {
        std::size_t period = 1;
        while (period <= longest_period &&
               length_of_run(frames, at, period) < fewest_rounds * period) {
            ++period;
        }
        if (period > longest_period) {
            show(frames[at++].text);
            continue;
        }
        const std::size_t run = length_of_run(frames, at, period);
        const std::size_t shown = period == 1 ? 3 : 2 * period;
        for (std::size_t i = 0; i < shown; ++i) {
            show(frames[at + i].text);
        }
        show("... " + std::to_string(run - shown) +
             (period == 1 ? " more of it" : " more of these " + std::to_string(period)));
        at += run;
    }
    return text;
}

}  // namespace

Trace symbolise(std::string_view stack) {
    if (stack.empty()) {
        return {};
    }
    const os::CancellationBlock whole;
    std::vector<StackLine> lines;
    for (StackLine line; take_line(stack, line);) {
        lines.push_back(line);
    }
    std::vector<Frame> frames;
    for (const auto& found : names_of(lines)) {
        frames.insert(frames.end(), found.begin(), found.end());
    }
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
