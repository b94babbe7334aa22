#include "bar.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace forest {

std::string Bar::line(std::string_view label, std::size_t done, std::size_t total,
                      std::size_t columns) {
    constexpr std::size_t longest = 40;
    constexpr std::size_t shortest = 5;
    const std::string count = fmt::format("{}/{}", done, total);
    const std::size_t besides = label.size() + count.size() + 4;  // " [" and "] "
    if (besides + shortest <= columns) {
        const std::size_t width = std::min(longest, columns - besides);
        const std::size_t full = total == 0 ? width : width * std::min(done, total) / total;
        return fmt::format("{} [{}{}] {}", label, std::string(full, '#'),
                           std::string(width - full, '.'), count);
    }
    if (label.size() + 1 + count.size() <= columns) {
        return fmt::format("{} {}", label, count);
    }
    return count.substr(0, columns);
}

void Bar::show(std::size_t done) {
    if (status_.due()) {
        status_.show(line(label_, done, total_, tool::StatusLine::room()));
    }
}

}  // namespace forest
