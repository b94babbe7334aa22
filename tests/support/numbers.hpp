#pragma once

#include <vector>

/// What tests map over, and what comes of it.
namespace support {

/// first, first + 1, ...: so many of them.
[[nodiscard]] std::vector<int> numbers(int count, int first = 0);
/// 0, 1, 4, 9, ...
[[nodiscard]] std::vector<int> squares(int count);

}  // namespace support
