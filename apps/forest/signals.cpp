#include "signals.hpp"

namespace forest {

namespace {

volatile std::sig_atomic_t interrupts = 0;

}  // namespace

Signals::Signals() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &pipe_);

    struct sigaction note {};
    note.sa_handler = [](int) { interrupts = 1; };
    note.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, nullptr, &interrupt_);
    // Who started this program in the background wants it to run on.
    if (interrupt_.sa_handler != SIG_IGN) ::sigaction(SIGINT, &note, nullptr);
}

Signals::~Signals() {
    interrupts = 0;
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGPIPE, &pipe_, nullptr);
}

bool Signals::interrupted() { return interrupts != 0; }

}  // namespace forest
