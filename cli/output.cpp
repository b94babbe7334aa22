#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "exit.hpp"

namespace procpool::cli {

void write_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return;
    if (errno == EPIPE)
        throw SystemLimit("the output was closed before it was written: let its reader read on");
    throw SystemLimit(fmt::format("cannot write the output: {}: send it elsewhere with > FILE",
                                  std::strerror(errno)));
}

void write_err(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

std::size_t terminal_width(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

StatusLine::StatusLine() {
    const char* term = std::getenv("TERM");
    terminal_ = ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

// The last column stays empty: a terminal may wrap when it is written.
std::size_t StatusLine::room() const { return terminal_width(STDERR_FILENO) - 1; }

void StatusLine::show(const std::string& text) {
    if (!terminal_) return;
    write_err("\r\033[K" + text.substr(0, room()));
    shown_ = true;
}

void StatusLine::clear() {
    if (!shown_) return;
    write_err("\r\033[K");
    shown_ = false;
}

}  // namespace procpool::cli
