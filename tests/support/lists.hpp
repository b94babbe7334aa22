#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

/// Lists to compare with, as plain functions: see text.hpp.
namespace support {

/// These values as a vector: EXPECT_EQ(pool.map(twice, numbers(3)), listed(0, 2, 4)).
template <class T, class... More>
[[nodiscard]] std::vector<T> listed(T first, More... more) {
    return {first, static_cast<T>(more)...};
}
template <class... More>
[[nodiscard]] std::vector<std::string> listed(const char* first, More... more) {
    return {first, more...};
}

/// The elements of any range as a vector.
template <class Range>
[[nodiscard]] auto copy_of(const Range& range) {
    return std::vector(range.begin(), range.end());
}

/// Every element is this value.
template <class Range, class T>
[[nodiscard]] testing::AssertionResult all_are(const T& value, const Range& range) {
    std::size_t index = 0;
    for (const auto& element : range) {
        if (!(element == value)) {
            return testing::AssertionFailure() << "not element " << index;
        }
        ++index;
    }
    return testing::AssertionSuccess();
}

/// One of the texts contains this.
[[nodiscard]] testing::AssertionResult any_contains(const std::vector<std::string>& texts,
                                                    std::string_view part);

}  // namespace support
