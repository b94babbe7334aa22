#include "output.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <fcntl.h>

#include <fmt/format.h>

#include "exit.hpp"
#include "text.hpp"

namespace tool {

void open_standard_streams() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        }
    }
}

void report_failed_writes() {
    for (const int signal : {SIGPIPE, SIGXFSZ}) {
        std::signal(signal, SIG_IGN);
    }
}

void write_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
        std::fflush(stdout) == 0) {
        return;
    }
    if (errno == EPIPE) {
        throw SystemLimit("the output was closed before it was written: let its reader read on");
    }
    throw SystemLimit(fmt::format("cannot write the output: {}: send it elsewhere with > FILE",
                                  std::strerror(errno)));
}

void write_err(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

// The messages of the library's errors begin with the name already.
void complain(const std::string& what) {
    constexpr std::string_view name = "procpool: ";
    write_err(std::string(what.starts_with(name) ? "" : name) + one_line(what) + '\n');
}

}  // namespace tool
