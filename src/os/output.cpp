#include "os/output.hpp"

#include <cstdio>
#include <iostream>
#include <streambuf>

#include <stdio_ext.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// Sees what a stream buffer shows only to derived classes.
struct Peek : std::streambuf {
    static bool holds_output(std::streambuf& buffer) {
        return (buffer.*&Peek::pptr)() != (buffer.*&Peek::pbase)();
    }
};

// Found once: the way from a stream to its virtual base touches cold pages of the library.
// NOLINTBEGIN(cppcoreguidelines-interfaces-global-init): constinit, so nothing is read too early
constinit const std::ios& output = std::cout;
constinit const std::ios& log = std::clog;
// NOLINTEND(cppcoreguidelines-interfaces-global-init)

/// Only after sync_with_stdio(false) does a standard stream have a buffer of its own.
bool holds_output(const std::ios& stream) noexcept {
    std::streambuf* const buffer = stream.rdbuf();
    return buffer != nullptr && Peek::holds_output(*buffer);
}

[[gnu::cold]] void flush(std::ostream& stream) noexcept {
    try {
        stream.flush();
    } catch (...) {
        // A stream that was asked to throw. It keeps its error state for the program to see.
    }
}

}  // namespace

void flush_output() noexcept {
    if (holds_output(output)) {
        flush(std::cout);
    }
    if (holds_output(log)) {
        flush(std::clog);
    }
    if (__fpending(stdout) > 0) {
        std::fflush(stdout);
    }
}

}  // namespace os
PROCPOOL_END_NAMESPACE
