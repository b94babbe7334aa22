#include "interrupt.hpp"

#include <csignal>

namespace procpool::cli {

namespace {

volatile std::sig_atomic_t pressed = 0;

void set_handler(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program
    sigaction(SIGINT, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
    pressed = 0;
    set_handler([](int) { pressed = 1; });
}

Interrupt::~Interrupt() { set_handler(SIG_DFL); }

Interrupt::operator bool() const { return pressed != 0; }

}  // namespace procpool::cli
