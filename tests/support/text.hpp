#pragma once

#include <initializer_list>
#include <string_view>

#include <gtest/gtest.h>

/// What a text says: EXPECT_TRUE(contains(error.what(), "item 3")). A failure shows the text. These
/// are plain functions because matchers of GoogleMock cost each test a second to compile.
namespace support {

[[nodiscard]] testing::AssertionResult contains(std::string_view text, std::string_view part);
/// All of the parts, in any order.
[[nodiscard]] testing::AssertionResult contains(std::string_view text,
                                                std::initializer_list<std::string_view> parts);
[[nodiscard]] testing::AssertionResult starts_with(std::string_view text, std::string_view part);
[[nodiscard]] testing::AssertionResult ends_with(std::string_view text, std::string_view part);

/// Somewhere in the text; an extended regular expression of POSIX.
[[nodiscard]] testing::AssertionResult contains_match(std::string_view text, const char* pattern);

}  // namespace support
