#pragma once

#include <csignal>

namespace tool {

/// While an object of this class lives, the first Ctrl-C (SIGINT) does not end the program: it asks
/// for an orderly end. The second one ends it. If SIGINT was ignored before, as in a program that a
/// script started in the background, it still is. One object at a time.
class Interrupt {
public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    /// True once Ctrl-C was pressed while the object lives. Any thread.
    [[nodiscard]] static bool pressed();

private:
    struct sigaction before_{};
};

}  // namespace tool
