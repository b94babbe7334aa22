#pragma once

#include <span>
#include <string>
#include <string_view>

#include <procpool/detail/namespace.hpp>

#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// A stack on its way from the process in which it was taken to the one that has the time to look
/// up names: a line a frame, the innermost first, "<address in the file, hexadecimal> <path>". The
/// path is empty for the program itself, and "?" where the file is not known: the address is then
/// that of the process.
namespace trace {

/// The longest such text; a longer one loses its outermost frames.
inline constexpr std::size_t longest_stack = 16 * 1024;

/// Nothing in the backtrace is trusted: another process may have written anything there.
/// Throws std::bad_alloc.
[[nodiscard]] std::string written(const trace::Backtrace& stack);

/// Text that another process may have written: up to its first zero, without control characters.
[[nodiscard]] std::string readable(std::span<const char> text);

struct StackLine {
    std::uint64_t address = 0;
    std::string_view path;
};
/// Takes the first line off. False when there is none, or it is not as above.
[[nodiscard]] bool take_line(std::string_view& stack, StackLine& line);

}  // namespace trace
PROCPOOL_END_NAMESPACE
