#include <algorithm>
#include <cstdio>

#include <procpool/detail/progress.hpp>

#include "os/cancellation.hpp"
#include "os/terminal.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

namespace {

constexpr const char* erase_line = "\r\x1b[K";

std::string clock_time(std::chrono::nanoseconds duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    char text[32];
    if (seconds < 3600) {
        std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(seconds / 60),
                      static_cast<long long>(seconds % 60));
    } else {
        std::snprintf(text, sizeof text, "%lldh%02lld", static_cast<long long>(seconds / 3600),
                      static_cast<long long>(seconds / 60 % 60));
    }
    return text;
}

/// The beginning of UTF-8 text, at most so many bytes, without half a character at its end.
std::string cut(const std::string& text, std::size_t size) {
    if (text.size() > size) {
        const auto continues = [&](std::size_t at) {
            return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
        };
        while (size > 0 && continues(size)) {
            --size;
        }
    }
    return text.substr(0, size);
}

/// In one line: a newline or another control character would move the cursor.
std::string in_one_line(std::string text) {
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    std::replace_if(text.begin(), text.end(), is_control, ' ');
    return text;
}

}  // namespace

std::string progress_line(const std::string& label, std::uint64_t done,
                          std::optional<std::uint64_t> known_total,
                          std::chrono::nanoseconds elapsed, std::size_t width) {
    // The last column stays empty: a terminal may wrap when it is written.
    const std::size_t room = width > 0 ? width - 1 : 0;
    if (!known_total) {
        const std::string right = "  " + std::to_string(done) + "  " + clock_time(elapsed);
        return right.size() < room ? cut(label, room - right.size()) + right : "";
    }
    const std::uint64_t total = *known_total;
    const double share =
        total == 0 ? 1 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    char percent[8];
    std::snprintf(percent, sizeof percent, "%3d%%", static_cast<int>(share * 100));

    std::string right = std::string(" ") + percent + "  " + std::to_string(done) + "/" +
                        std::to_string(total) + "  " + clock_time(elapsed);
    if (done > 0 && done < total) {
        const double left = static_cast<double>(elapsed.count()) * (1 - share) / share;
        if (left < 1e18) {  // a longer time is not worth showing
            right += " + " + clock_time(std::chrono::nanoseconds(static_cast<std::int64_t>(left)));
        }
    }

    constexpr std::size_t shortest_bar = 10;
    constexpr std::size_t longest_bar = 40;
    constexpr std::size_t frame = 3;  // " [" and "]"
    if (label.size() + frame + shortest_bar + right.size() <= room) {
        const std::size_t bar = std::min(longest_bar, room - label.size() - frame - right.size());
        const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar));
        return label + " [" + std::string(filled, '#') + std::string(bar - filled, '.') + "]" +
               right;
    }
    if (right.size() < room) {
        return cut(label, room - right.size()) + right;
    }
    return std::string(percent).substr(0, room);
}

ProgressBar::ProgressBar(const std::string& label, std::optional<std::uint64_t> total)
    : label_(in_one_line(label)), total_(total), is_terminal_(os::stderr_is_terminal()) {}

ProgressBar::~ProgressBar() {
    if (drawn_) {
        const os::CancellationBlock whole;
        std::fputs(erase_line, stderr);
        std::fflush(stderr);
    }
}

void ProgressBar::show(std::uint64_t done) {
    const auto now = std::chrono::steady_clock::now();
    due_ = now + pause;
    if (!is_terminal_) {
        return;
    }
    const os::CancellationBlock whole;
    const auto elapsed = now - start_;
    const std::string line =
        erase_line + progress_line(label_, done, total_, elapsed, os::terminal_width());
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
    drawn_ = true;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
