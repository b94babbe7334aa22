#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <utility>

#include <procpool/detail/progress.hpp>
#include <procpool/stats.hpp>

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

/// "1234", "12.3 k"
std::string count_in_words(double count) {
    const auto [scale, unit] = count >= 1e9   ? std::pair{1e9, " G"}
                               : count >= 1e6 ? std::pair{1e6, " M"}
                               : count >= 1e4 ? std::pair{1e3, " k"}
                                              : std::pair{1.0, ""};
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), count / scale < 10 ? "%.1f%s" : "%.0f%s", count / scale,
                  unit);
    return text.data();
}

/// Items in a second, or in the shortest time in which there is one; nothing before there are any.
std::string rate_in_words(std::uint64_t done, std::chrono::nanoseconds elapsed) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    if (done == 0 || seconds <= 0) {
        return "";
    }
    const double rate = static_cast<double>(done) / seconds;
    const auto [time, unit] = rate >= 1        ? std::pair{1.0, "/s"}
                              : rate * 60 >= 1 ? std::pair{60.0, "/min"}
                                               : std::pair{3600.0, "/h"};
    return count_in_words(rate * time) + unit;
}

/// How long the rest takes if it goes on like this; nothing where that is not known.
std::string time_left(std::uint64_t done, std::uint64_t total, std::chrono::nanoseconds elapsed) {
    if (done == 0 || done >= total) {
        return "";
    }
    const double share = static_cast<double>(done) / static_cast<double>(total);
    const double left = static_cast<double>(elapsed.count()) * (1 - share) / share;
    return left < 1e18 ? clock_time(std::chrono::nanoseconds(static_cast<std::int64_t>(left)))
                       : "";  // a longer time is not worth showing
}

std::string percent_of(std::uint64_t done, std::uint64_t total) {
    const double share =
        total == 0 ? 1 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%3d%%", static_cast<int>(share * 100));
    return text.data();
}

/// What is shown of the workers.
std::string workers_in_words(const Glance& glance) {
    std::string text;
    if (glance.workers != 0) {
        text = "  " + std::to_string(glance.busy) + "/" + std::to_string(glance.workers) + " busy";
    }
    if (glance.deaths != 0) {
        text += "  " + std::to_string(glance.deaths) + " died";
    }
    return text;
}

}  // namespace

std::string progress_line(const std::string& label, std::uint64_t done,
                          std::optional<std::uint64_t> known_total,
                          std::chrono::nanoseconds elapsed, std::size_t width,
                          const Glance& glance) {
    // The last column stays empty: a terminal may wrap when it is written.
    const std::size_t room = width > 0 ? width - 1 : 0;
    const std::string rate = rate_in_words(done, elapsed);
    const std::string more = (rate.empty() ? "" : "  " + rate) + workers_in_words(glance);
    if (!known_total) {
        const std::string times = "  " + std::to_string(done) + "  " + clock_time(elapsed);
        const bool has_room = label.size() + times.size() + more.size() <= room;
        const std::string right = has_room ? times + more : times;
        return right.size() < room ? cut(label, room - right.size()) + right : "";
    }
    const std::uint64_t total = *known_total;
    const std::string percent = percent_of(done, total);
    const std::string left = time_left(done, total, elapsed);
    const std::string times = std::string(" ") + percent + "  " + std::to_string(done) + "/" +
                              std::to_string(total) + "  " + clock_time(elapsed) +
                              (left.empty() ? "" : " + " + left);

    constexpr std::size_t shortest_bar = 10;
    constexpr std::size_t longest_bar = 40;
    constexpr std::size_t frame = 3;  // " [" and "]"
    const auto fits = [&](const std::string& right) {
        return label.size() + frame + shortest_bar + right.size() <= room;
    };
    const std::string right = fits(times + more) ? times + more : times;
    if (fits(right)) {
        const std::size_t bar = std::min(longest_bar, room - label.size() - frame - right.size());
        const double share =
            total == 0 ? 1
                       : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
        const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar));
        return label + " [" + std::string(filled, '#') + std::string(bar - filled, '.') + "]" +
               right;
    }
    if (right.size() < room) {
        return cut(label, room - right.size()) + right;
    }
    return percent.substr(0, room);
}

std::string progress_note(const std::string& label, std::uint64_t done,
                          std::optional<std::uint64_t> total, std::chrono::nanoseconds elapsed,
                          const Glance& glance) {
    const std::string rate = rate_in_words(done, elapsed);
    std::string text = label + ": " + std::to_string(done);
    if (total) {
        const std::string percent = percent_of(done, *total);
        text += " of " + std::to_string(*total) + " (" +
                percent.substr(percent.find_first_not_of(' ')) + ")";
    }
    text += " in " + clock_time(elapsed);
    text += rate.empty() ? "" : ", " + rate;
    if (const std::string left = total ? time_left(done, *total, elapsed) : ""; !left.empty()) {
        text += ", " + left + " left";
    }
    if (glance.busy != 0) {
        text += ", " + std::to_string(glance.busy) + " of " + std::to_string(glance.workers) +
                " workers busy";
    }
    return text + (glance.deaths == 0 ? "" : ", " + std::to_string(glance.deaths) + " died");
}

ProgressBar::ProgressBar(const std::string& label, std::optional<std::uint64_t> total)
    : label_(in_one_line(label)),
      total_(total),
      is_terminal_(os::stderr_is_terminal()),
      due_(start_ + (is_terminal_ ? pause : pause_of_notes)) {}

ProgressBar::~ProgressBar() {
    if (!drawn_) {
        return;
    }
    try {
        const auto elapsed = std::chrono::steady_clock::now() - start_;
        glance_.busy = 0;
        write(is_terminal_ ? erase_line
                           : progress_note(label_, done_, total_, elapsed, glance_) + "\n");
    } catch (const std::bad_alloc&) {
        // The last line is left out.
    }
}

/// In one write: what other processes write comes before or behind it, not in the middle.
void ProgressBar::write(const std::string& text) const {
    const os::CancellationBlock whole;
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
}

void ProgressBar::begin(const Engine& engine) { deaths_before_ = engine.stats(false).deaths; }

void ProgressBar::show(std::uint64_t done, const Engine& engine) {
    const PoolStats stats = engine.stats(false);
    const auto busy = std::ranges::count_if(stats.workers, &WorkerStats::is_busy);
    show(done, {.workers = static_cast<int>(stats.workers.size()),
                .busy = static_cast<int>(busy),
                .deaths = stats.deaths - deaths_before_});
}

void ProgressBar::show(std::uint64_t done, Glance glance) {
    const auto now = std::chrono::steady_clock::now();
    due_ = now + (is_terminal_ ? pause : pause_of_notes);
    done_ = done;
    glance_ = glance;
    const auto elapsed = now - start_;
    write(is_terminal_ ? erase_line + progress_line(label_, done, total_, elapsed,
                                                    os::terminal_width(), glance)
                       : progress_note(label_, done, total_, elapsed, glance) + "\n");
    drawn_ = true;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
