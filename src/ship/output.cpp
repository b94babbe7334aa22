#include "ship/output.hpp"

#include <cstdio>
#include <iostream>
#include <streambuf>

#include <stdio_ext.h>

namespace procpool::ship {
namespace {

/// What a stream buffer tells its derived classes only.
struct Peek : std::streambuf {
    static bool holds_output(std::streambuf& buffer) {
        return (buffer.*&Peek::pptr)() != (buffer.*&Peek::pbase)();
    }
};

/// Only after sync_with_stdio(false) does a standard stream have a buffer of its own.
void flush(std::ostream& stream) noexcept {
    try {
        if (std::streambuf* const buffer = stream.rdbuf();
            buffer != nullptr && Peek::holds_output(*buffer)) {
            stream.flush();
        }
    } catch (...) {
        // A stream that was asked to throw: it keeps its error state, which is what it is for.
    }
}

}  // namespace

void flush_output() noexcept {
    flush(std::cout);
    flush(std::clog);
    if (__fpending(stdout) > 0) {
        std::fflush(stdout);
    }
}

}  // namespace procpool::ship
