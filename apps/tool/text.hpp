#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace tool {

/// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t number);

/// The noun as it follows this number: "worker" after 1, "workers" after any other; "processes".
[[nodiscard]] std::string noun_for(std::uint64_t number, std::string_view noun);

/// "1 worker", "2 workers"; "1 process", "2 processes". The number is not negative.
template <std::integral Number>
[[nodiscard]] std::string counted(Number number, std::string_view noun) {
    const auto count = static_cast<std::uint64_t>(number);
    return grouped(count) + ' ' + noun_for(count, noun);
}

/// Text of unknown origin as one line: a ? for each character that would break the line or move the
/// cursor.
[[nodiscard]] std::string one_line(std::string_view text);

/// Text of unknown origin for a message: in quotes, short, printable.
[[nodiscard]] std::string quoted(std::string_view text);

/// Breaks lines longer than `columns` at blanks. They go on indented by `hanging` more than they
/// began. A word longer than a line stays whole, so that it can be copied.
[[nodiscard]] std::string folded(std::string_view text, std::size_t columns,
                                 std::size_t hanging = 2);

/// The parts of a text between any of the separators. An empty text is one empty part.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text,
                                                  std::string_view separators);

/// The text without blanks and line ends at its end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// All of a text as a whole number. None if it is anything else, or a number that is too large.
template <std::integral Number>
[[nodiscard]] std::optional<Number> whole_number(std::string_view text, int base = 10) {
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return number;
}

}  // namespace tool
