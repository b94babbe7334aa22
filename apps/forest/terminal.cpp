#include "terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace forest {

Terminal Terminal::at(int descriptor) {
    Terminal terminal;
    const char* term = std::getenv("TERM");
    terminal.present =
        ::isatty(descriptor) == 1 && term != nullptr && std::string_view(term) != "dumb";
    winsize size{};
    if (terminal.present && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.columns = size.ws_col;
    const char* no_colour = std::getenv("NO_COLOR");
    terminal.colour = terminal.present && (no_colour == nullptr || *no_colour == '\0');
    return terminal;
}

std::string Bar::line(std::string_view label, std::size_t done, std::size_t total,
                      std::size_t columns) {
    constexpr std::size_t longest = 40;
    constexpr std::size_t shortest = 5;
    const std::string count = fmt::format("{}/{}", done, total);
    const std::size_t room = columns > 0 ? columns - 1 : 0;
    const std::size_t besides = label.size() + count.size() + 4;  // " [" and "] "
    if (besides + shortest <= room) {
        const std::size_t width = std::min(longest, room - besides);
        const std::size_t full = total == 0 ? width : width * std::min(done, total) / total;
        return fmt::format("{} [{}{}] {}", label, std::string(full, '#'),
                           std::string(width - full, '.'), count);
    }
    if (label.size() + 1 + count.size() <= room) return fmt::format("{} {}", label, count);
    return count.substr(0, room);
}

void Bar::show(std::size_t done) {
    if (!terminal_.present) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + pause;
    drawn_ = true;
    fmt::print(stderr, "\r\033[K{}", line(label_, done, total_, Terminal::at(2).columns));
    std::fflush(stderr);
}

Bar::~Bar() {
    if (!drawn_) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
}

}  // namespace forest
