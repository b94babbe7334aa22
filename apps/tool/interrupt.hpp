#pragma once

#include <csignal>

namespace tool {

/// While one of these lives, the first Ctrl-C (SIGINT) is a wish to end in good order instead of
/// the end; the second one is the end. Where SIGINT is ignored, as of a program that was started in
/// the background, it stays so. One at a time.
class Interrupt {
public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    /// True once Ctrl-C was pressed while one of these lives. Any thread.
    [[nodiscard]] static bool pressed();

private:
    struct sigaction before_{};
};

}  // namespace tool
