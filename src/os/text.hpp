#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// Taking texts apart, those of /proc and /sys for example.
namespace os {

/// The parts of a text between separators; an empty one behind the last separator is left out.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Without blanks and line ends behind it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// True if a list like "cpu,cpuacct" contains the word.
[[nodiscard]] bool lists(std::string_view text, std::string_view wanted);

/// The whole text as a number; nothing if it is something else.
template <class Number>
[[nodiscard]] std::optional<Number> number(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
