#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tool {

/// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t number);

/// "1 worker", "2 workers"; "1 process", "2 processes".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// Text of unknown origin without what would break the line or move the cursor; ? instead.
[[nodiscard]] std::string one_line(std::string_view text);

/// Text of unknown origin for a message: in quotes, short, printable.
[[nodiscard]] std::string quoted(std::string_view text);

/// Lines longer than `columns` are broken at blanks, and go on indented by `hanging` more than they
/// were. A word that is longer still stays whole, so that it can be copied.
[[nodiscard]] std::string folded(std::string_view text, std::size_t columns,
                                 std::size_t hanging = 2);

}  // namespace tool
