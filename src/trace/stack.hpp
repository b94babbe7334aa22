#pragma once

#include <span>
#include <string>
#include <string_view>

#include <procpool/detail/namespace.hpp>

#include "trace/backtrace.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// A stack as text, on its way from the process where it was captured to the one that has time to
/// look up names. One line for each frame, the innermost first: "<address in the file, hexadecimal>
/// <path>". The path is empty for the program itself. It is "?" when the file is not known; the
/// address is then that in the process.
namespace trace {

inline constexpr std::string_view unknown_path = "?";

/// The longest such text; of a longer one the outermost frames are left out.
inline constexpr std::size_t longest_stack = 16 * 1024;

/// The stack as such text. Trusts nothing in the backtrace: another process may have written
/// anything there. Throws std::bad_alloc.
[[nodiscard]] std::string written(const Backtrace& stack);
/// The same; empty where there is no memory for it.
[[nodiscard]] std::string written_if_possible(const Backtrace& stack) noexcept;

/// Text that another process may have written: up to its first zero, with spaces in place of
/// control characters. Throws std::bad_alloc.
[[nodiscard]] std::string readable(std::span<const char> text);

struct StackLine {
    std::uint64_t address = 0;
    std::string_view path;
};
/// Takes the first line off. False when there is none, or it is not as above.
[[nodiscard]] bool take_line(std::string_view& stack, StackLine& line);

}  // namespace trace
PROCPOOL_END_NAMESPACE
