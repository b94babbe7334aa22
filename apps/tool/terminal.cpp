#include "terminal.hpp"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "output.hpp"
#include "text.hpp"

namespace tool {

namespace {

constexpr auto to_empty_line = "\r\033[K";

}  // namespace

Terminal Terminal::at(int descriptor) {
    Terminal terminal;
    const char* term = std::getenv("TERM");
    terminal.present =
        ::isatty(descriptor) == 1 && term != nullptr && std::string_view(term) != "dumb";
    winsize size{};
    if (terminal.present && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        terminal.columns = size.ws_col;
    }
    const char* no_colour = std::getenv("NO_COLOR");
    terminal.colour = terminal.present && (no_colour == nullptr || *no_colour == '\0');
    return terminal;
}

std::string Terminal::fitted(const std::string& text) const {
    return present ? folded(text, room()) : text;
}

std::string Terminal::painted(Ink ink, const std::string& text) const {
    if (!colour || ink == Ink::none) {
        return text;
    }
    const char* code = ink == Ink::bold    ? "1"
                       : ink == Ink::dim   ? "2"
                       : ink == Ink::green ? "32"
                                           : "31";
    return fmt::format("\033[{}m{}\033[0m", code, text);
}

bool StatusLine::due() {
    if (!present_) {
        return false;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) {
        return false;
    }
    next_ = now + pause;
    return true;
}

std::size_t StatusLine::room() { return Terminal::at(STDERR_FILENO).room(); }

void StatusLine::show(std::string_view text) {
    if (!present_) {
        return;
    }
    write_err(std::string(to_empty_line).append(text.substr(0, room())));
    shown_ = true;
}

void StatusLine::clear() {
    if (shown_) {
        write_err(to_empty_line);
        shown_ = false;
    }
}

}  // namespace tool
