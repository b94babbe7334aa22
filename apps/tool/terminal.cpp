#include "terminal.hpp"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "output.hpp"
#include "text.hpp"

namespace tool {

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

StatusLine::~StatusLine() {
    if (shown_) {
        write_err("\r\033[K");
    }
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

void StatusLine::show(const std::string& text) {
    if (!present_) {
        return;
    }
    write_err("\r\033[K" + text.substr(0, room()));
    shown_ = true;
}

}  // namespace tool
