#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace forest {

/// How a tree is grown, or several on top of each other.
struct Settings {
    static constexpr int full = 1000;  ///< levels that no tree reaches: it grows to its end

    int depth = full;  ///< levels of decisions, at most
    int leaf = 1;      ///< rows in a leaf, at least
    int rounds = 1;    ///< trees, each grown on what the ones before it got wrong
    double rate = 1;   ///< share of what a tree says that is believed

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// A setting, and the values that are tried of it, as they were written.
struct Axis {
    std::string name;
    std::vector<std::string> labels;
};

/// Every combination of the values. The last axis varies fastest.
struct Grid {
    std::vector<Axis> axes;
    std::vector<Settings> points;

    /// Where a point lies on each axis.
    [[nodiscard]] std::vector<std::size_t> coordinates(std::size_t point) const;
    /// "depth=3 leaf=5"
    [[nodiscard]] std::string name(std::size_t point) const;
};

inline constexpr std::string_view default_grid = "depth=1,2,3,4,6,8,full leaf=1,3,10";

/// Words between blanks, each a setting and its values: `depth=1..4,full leaf=1,5 rate=0.1,1`.
/// Throws tool::BadUsage that shows what may be written.
[[nodiscard]] Grid parse_grid(std::string_view text);

}  // namespace forest
