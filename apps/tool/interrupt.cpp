#include "interrupt.hpp"

namespace tool {

namespace {

volatile std::sig_atomic_t presses = 0;

}  // namespace

Interrupt::Interrupt() {
    presses = 0;
    struct sigaction note{};
    note.sa_handler = [](int) { presses = 1; };
    note.sa_flags = static_cast<int>(SA_RESETHAND);  // so the second one ends the program
    ::sigaction(SIGINT, nullptr, &before_);
    if (before_.sa_handler != SIG_IGN) {
        ::sigaction(SIGINT, &note, nullptr);
    }
}

Interrupt::~Interrupt() {
    presses = 0;
    ::sigaction(SIGINT, &before_, nullptr);
}

bool Interrupt::pressed() { return presses != 0; }

}  // namespace tool
