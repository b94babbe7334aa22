#include "os/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

bool stderr_is_terminal() noexcept { return ::isatty(STDERR_FILENO) == 1; }

std::size_t terminal_width() noexcept {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return 80;
    }
    return size.ws_col;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
