#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mine {

/// "1,234,567"; from 10^9 on "2.31 billion", then "1.2e+20".
[[nodiscard]] std::string count_text(double count);
/// "12.3 MH/s": hashes a second.
[[nodiscard]] std::string rate_text(double rate);
/// "85 ms", "3.2 s", "2 min 5 s", "3.4 h", "12 days", "1.2e+06 years".
[[nodiscard]] std::string duration_text(double seconds);
/// "13 %"; small shares as "one in 17,000,000"; "nearly 100 %" if it would round to 100 % and is
/// not.
[[nodiscard]] std::string percent_text(double share);

/// The text of the status line: the longest of several forms that fits into the columns.
[[nodiscard]] std::string progress_line(double hashes, double seconds, double expected,
                                        std::size_t columns);

}  // namespace mine
