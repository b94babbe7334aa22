#include "support/text.hpp"

#include <stdexcept>
#include <string>

#include <regex.h>

namespace support {
namespace {

/// Says both ways what was looked for and where, for EXPECT_FALSE as well.
testing::AssertionResult verdict(bool is_so, std::string_view text, const char* does,
                                 const char* does_not, std::string_view part) {
    return (is_so ? testing::AssertionSuccess() : testing::AssertionFailure())
           << '"' << text << "\" " << (is_so ? does : does_not) << " \"" << part << '"';
}

}  // namespace

testing::AssertionResult contains(std::string_view text, std::string_view part) {
    return verdict(text.find(part) != std::string_view::npos, text, "contains", "does not contain",
                   part);
}

testing::AssertionResult contains(std::string_view text,
                                  std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) {
        if (const auto found = contains(text, part); !found) {
            return found;
        }
    }
    return testing::AssertionSuccess();
}

testing::AssertionResult starts_with(std::string_view text, std::string_view part) {
    return verdict(text.starts_with(part), text, "starts with", "does not start with", part);
}

testing::AssertionResult ends_with(std::string_view text, std::string_view part) {
    return verdict(text.ends_with(part), text, "ends with", "does not end with", part);
}

testing::AssertionResult contains_match(std::string_view text, const char* pattern) {
    regex_t compiled;
    if (::regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        throw std::invalid_argument(std::string("no regular expression: ") + pattern);
    }
    const int result = ::regexec(&compiled, std::string(text).c_str(), 0, nullptr, 0);
    ::regfree(&compiled);
    return verdict(result == 0, text, "contains a match of", "contains no match of", pattern);
}

}  // namespace support
