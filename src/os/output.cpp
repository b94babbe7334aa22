#include "os/output.hpp"

#include <cstdio>
#include <iostream>
#include <streambuf>

#include <stdio_ext.h>
#include <unistd.h>

#include "os/fault.hpp"

#if defined(__GLIBC__)
// The list of all open files, which glibc exports and has no header for.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier)
struct _IO_FILE_plus {
    std::FILE file;
};
extern _IO_FILE_plus* _IO_list_all;
[[gnu::weak]] void _IO_list_lock();
[[gnu::weak]] void _IO_list_unlock();
// NOLINTEND(bugprone-reserved-identifier)
}
#endif

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

/// Sees what a stream buffer shows only to derived classes.
struct Peek : std::streambuf {
    static bool holds_output(std::streambuf& buffer) {
        return (buffer.*&Peek::pptr)() != (buffer.*&Peek::pbase)();
    }
    static void forget_output(std::streambuf& buffer) {
        (buffer.*&Peek::setp)((buffer.*&Peek::pbase)(), (buffer.*&Peek::epptr)());
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

/// Calls act(file) for each FILE that holds output, with the lock of their list.
template <class Act>
void for_files_with_output(Act act) noexcept {
#if defined(__GLIBC__)
    if (_IO_list_lock != nullptr && _IO_list_unlock != nullptr) {
        _IO_list_lock();
        for (std::FILE* file = &_IO_list_all->file; file != nullptr; file = file->_chain) {
            if (__fwriting(file) != 0 && __fpending(file) > 0) {
                act(file);
            }
        }
        _IO_list_unlock();
        return;
    }
#endif
    act(stdout);
    act(stderr);
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
    if (__fpending(stderr) > 0) {
        std::fflush(stderr);
    }
}

void write_whole_lines() noexcept {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    std::setvbuf(stderr, nullptr, _IOLBF, BUFSIZ);
    // Each << of std::cerr would be a write of its own.
    std::cerr << std::nounitbuf;
}

void rescue_stderr() noexcept {
#if defined(__GLIBC__)
    const char* const begin = stderr->_IO_write_base;
    const char* const end = stderr->_IO_write_ptr;
    if (begin != nullptr && end > begin) {
        call(Call::write,
             [&] { return ::write(STDERR_FILENO, begin, static_cast<std::size_t>(end - begin)); });
    }
#endif
}

void flush_every_file() noexcept {
    flush_output();
    // In this order std::fflush(nullptr) takes these locks, too.
    for_files_with_output([](std::FILE* file) { std::fflush(file); });
}

void forget_output() noexcept {
    for (const std::ios* const stream : {&output, &log}) {
        if (holds_output(*stream)) {
            Peek::forget_output(*stream->rdbuf());
        }
    }
    for_files_with_output([](std::FILE* file) { __fpurge(file); });
}

}  // namespace os
PROCPOOL_END_NAMESPACE
