// fuzz: longest input 4096
#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "fuzz.hpp"
#include "trace/crash.hpp"
#include "trace/stack.hpp"

// The page that a worker wrote when it died, as the fork server copies it into a failure, and the
// lines of that copy, as the client takes them apart.

namespace procpool::fuzz {
namespace {

/// Fills an object that other processes write as plain memory.
template <class T>
void take_into(Bytes& bytes, T& object) {
    const std::size_t size = std::min(bytes.size(), sizeof object);
    if (size != 0) {
        std::memcpy(static_cast<void*>(&object), bytes.data(), size);
    }
    bytes = bytes.subspan(size);
}

bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

void decode(Bytes bytes) {
    const auto report = std::make_unique<trace::CrashReport>();
    // Counts are seldom in range by chance, and the rest is only looked at when they are.
    if (take_byte(bytes) % 2 == 0) {
        report->stack.count = take_byte(bytes);
        report->stack.modules_count = take_byte(bytes);
        const std::size_t length = take_byte(bytes);
        Bytes note = bytes.first(std::min(length, bytes.size()));
        bytes = bytes.subspan(note.size());
        take_into(note, report->note);
        take_into(bytes, report->stack.module_of);
        take_into(bytes, report->stack.addresses);
        take_into(bytes, report->stack.modules);
    } else {
        take_into(bytes, *report);
    }

    const std::string note = trace::readable(report->note);
    require(note.size() <= report->note.size() && is_clean(note));

    const std::string stack = trace::written(report->stack);
    require(stack.size() <= trace::longest_stack);
    std::string_view rest = stack;
    std::size_t lines = 0;
    for (trace::StackLine line; trace::take_line(rest, line); ++lines) {
        require(is_clean(line.path));
    }
    require(rest.empty() && lines <= trace::Backtrace::most_frames);

    // A failure frame is a worker's to write, so such text may be anything.
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (trace::StackLine line; trace::take_line(text, line);) {
        require(line.path.size() < bytes.size());
    }
}

}  // namespace procpool::fuzz
