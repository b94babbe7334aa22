#pragma once

#include <csignal>

namespace forest {

/// Thrown where the work is left after Ctrl-C.
struct Interrupted {};

/// While it lives, Ctrl-C is noted instead of ending the program, and a second one ends it; and a
/// reader who closes standard output early is an error of the write, not a signal. One at a time.
class Signals {
public:
    Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

    [[nodiscard]] static bool interrupted();

private:
    struct sigaction interrupt_ {};  // as they were before
    struct sigaction pipe_ {};
};

}  // namespace forest
