#include "reach_count.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search.hpp"

namespace mine {

std::vector<double> upper_shares(const Goal& goal) {
    std::vector<double> shares(1 << 16, 0.0);
    for (const Range& range : goal.ranges) {
        for (std::uint64_t upper = range.first >> 16; upper <= range.last >> 16; ++upper) {
            const std::uint64_t first = std::max(range.first, upper << 16);
            const std::uint64_t last = std::min(range.last, (upper << 16) | 0xffff);
            shares[upper] += std::ldexp(static_cast<double>(last - first + 1), -16);
        }
    }
    return shares;
}

void Tally::add(double probability, double share) {
    if (probability == 0) {
        return;
    }
    met_ += probability * share;
    missed_ += probability * (1 - share);
    exact_ = exact_ && (share == 0 || share == 1);
}

Reach Tally::reach(std::uint32_t length) const {
    // A share that rounds to 0 or 1 is neither.
    constexpr double most = 1 - std::numeric_limits<double>::epsilon();
    double share = missed_ == 0 ? 1 : std::min(met_, most);
    if (met_ == 0) {
        share = 0;
    }
    return {.length = length, .share = share, .exact = exact_};
}

bool can_be_counted(std::string_view alphabet, std::uint32_t length) {
    constexpr std::uint64_t few = 1 << 20;
    return count_suffixes(alphabet.size(), length) <= few;
}

Reach count_all(const Goal& goal, std::string_view base, std::string_view alphabet,
                std::uint32_t length) {
    const Search search = make_search(Strategy::enumerate, goal, base, alphabet);
    const std::uint64_t count = count_suffixes(alphabet.size(), length);
    const Report report =
        work_off(search, {.first = 0, .count = count, .length = length}, count + 1);
    return {.length = length,
            .share = static_cast<double>(report.second.size()) / static_cast<double>(count)};
}

}  // namespace mine
