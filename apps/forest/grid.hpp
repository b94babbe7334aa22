#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace forest {

/// How a tree is grown, or several trees one upon the other (boosting).
struct Settings {
    static constexpr int full = 1000;  ///< more levels than any tree needs: it grows to its end

    int depth = full;  ///< levels of decisions, at most
    int leaf = 1;      ///< rows in a leaf, at least
    int rounds = 1;    ///< trees, each grown on the errors of those before it
    double rate = 1;   ///< the share of each prediction that is used (the learning rate)

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// A setting, and the values to try, as the user wrote them.
struct Axis {
    std::string name;
    std::vector<std::string> labels;
};

/// Every combination of the values. The last axis varies fastest.
struct Grid {
    std::vector<Axis> axes;
    std::vector<Settings> points;

    /// The place of a point on each axis.
    [[nodiscard]] std::vector<std::size_t> coordinates(std::size_t point) const;
    /// "depth=3 leaf=5"
    [[nodiscard]] std::string name(std::size_t point) const;
};

inline constexpr std::string_view default_grid = "depth=1,2,3,4,6,8,full leaf=1,3,10";

/// Reads a grid: words between blanks, each of them a setting and its values, such as
/// `depth=1..4,full leaf=1,5 rate=0.1,1`. Throws tool::BadUsage, which shows what may be written.
[[nodiscard]] Grid parse_grid(std::string_view text);

}  // namespace forest
