#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace forest {

namespace {

using nlohmann::json;

constexpr std::size_t error_width = 8;    // "  0.1234"
constexpr std::size_t spread_width = 10;  // " +- 0.0123"
constexpr std::size_t shortest_bar = 10;
constexpr std::size_t longest_bar = 40;

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// The columns that each axis takes in the table, two blanks before all but the first included.
std::vector<std::size_t> widths_of(const Grid& grid) {
    std::vector<std::size_t> widths;
    for (const Axis& axis : grid.axes) {
        std::size_t width = axis.name.size();
        for (const auto& label : axis.labels) width = std::max(width, label.size());
        widths.push_back(width + (widths.empty() ? 0 : 2));
    }
    return widths;
}

/// Of a line of the table, without a bar.
std::size_t width_of_line(const Plan& plan) {
    const auto widths = widths_of(plan.grid);
    return std::accumulate(widths.begin(), widths.end(), error_width + spread_width);
}

/// The columns of the table of errors.
class GridTable {
public:
    GridTable(const Plan& plan, const Findings& found, const Terminal& terminal)
        : plan_(plan), found_(found), terminal_(terminal) {
        for (const auto& point : found.points)
            if (point) largest_ = std::max(largest_, point->error);
        const std::size_t line = width_of_line(plan);
        // The last column of a terminal stays empty: it may wrap when that is written.
        if (terminal.present && terminal.columns >= columns_for_bars(plan))
            bar_ = std::min(longest_bar, terminal.columns - 1 - line - 2);
        spread_ = !terminal.present || line < terminal.columns;
    }

    [[nodiscard]] std::string text() const {
        std::string table;
        for (std::size_t axis = 0; axis < widths_.size(); ++axis)
            table += fmt::format("{:>{}}", plan_.grid.axes[axis].name, widths_[axis]);
        table += fmt::format("{:>{}}\n", "error", error_width);
        for (std::size_t point = 0; point < found_.points.size(); ++point)
            if (found_.points[point]) table += line(point);
        return table;
    }

private:
    [[nodiscard]] std::string line(std::size_t point) const {
        const PointError& error = *found_.points[point];
        std::string line;
        const auto places = plan_.grid.coordinates(point);
        for (std::size_t axis = 0; axis < places.size(); ++axis) {
            line +=
                fmt::format("{:>{}}", plan_.grid.axes[axis].labels[places[axis]], widths_[axis]);
        }
        line += fmt::format("{:>#{}.4g}", error.error, error_width);
        if (spread_)
            line += fmt::format("{:<{}}", fmt::format(" +- {:#.2g}", error.spread), spread_width);
        const bool best = found_.best == point;
        if (bar_ > 0) {
            const double share = largest_ > 0 ? error.error / largest_ : 0;
            line +=
                "  " +
                std::string(
                    static_cast<std::size_t>(std::lround(share * static_cast<double>(bar_))), '#');
        } else if (best && !terminal_.colour) {
            line += "  *";
        }
        while (line.ends_with(' ')) line.pop_back();
        return (best && terminal_.colour ? "\033[32m" + line + "\033[0m" : line) + '\n';
    }

    const Plan& plan_;
    const Findings& found_;
    const Terminal& terminal_;
    std::vector<std::size_t> widths_ = widths_of(plan_.grid);
    double largest_ = 0;
    bool spread_ = true;   // there is room for the standard errors
    std::size_t bar_ = 0;  // columns of the longest; 0: no bars
};

json settings_of(const Grid& grid, std::size_t point) {
    json settings = json::object();
    const Settings& values = grid.points[point];
    settings["depth"] = values.depth == Settings::full ? json("full") : json(values.depth);
    settings["leaf"] = values.leaf;
    settings["rounds"] = values.rounds;
    settings["rate"] = values.rate;
    return settings;
}

}  // namespace

std::string as_json(const Dataset& data, const Plan& plan, const Findings& found) {
    json points = json::array();
    for (std::size_t point = 0; point < found.points.size(); ++point) {
        json shown{{"settings", settings_of(plan.grid, point)}, {"error", nullptr}};
        if (found.points[point]) {
            shown["error"] = found.points[point]->error;
            shown["standard_error"] = found.points[point]->spread;
        }
        points.push_back(std::move(shown));
    }
    json forest{{"trees", found.trees},
                {"predictions", found.forest},
                {"out_of_bag_error", nullptr},
                {"out_of_bag_rows", found.out_of_bag_rows}};
    if (found.out_of_bag_error) forest["out_of_bag_error"] = *found.out_of_bag_error;
    const json all{
        {"data",
         {{"file", data.file},
          {"rows", data.rows()},
          {"features", data.features},
          {"target", data.target}}},
        {"seed", plan.seed},
        {"folds", plan.folds},
        {"tree",
         {{"error", found.tree.empty() ? json(nullptr) : json(found.tree_error)},
          {"predictions", found.tree}}},
        {"grid",
         {{"points", std::move(points)},
          {"best", found.best ? settings_of(plan.grid, *found.best) : json(nullptr)}}},
        {"forest", std::move(forest)},
        {"run",
         {{"processes", found.processes},
          {"fits", found.fits},
          {"deaths", found.deaths},
          {"seconds", found.seconds},
          {"interrupted", found.interrupted}}},
    };
    // Names of columns come from a file: what is no UTF-8 there is replaced.
    return all.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

std::size_t columns_for_bars(const Plan& plan) {
    return width_of_line(plan) + 2 + shortest_bar + 1;
}

std::string as_text(const Dataset& data, const Plan& plan, const Findings& found,
                    const Terminal& terminal) {
    std::string text =
        fmt::format("{}: {}, {} from {}\n", data.file, counted(data.rows(), "row", "rows"),
                    data.target, counted(data.columns(), "column", "columns"));
    if (!found.tree.empty()) {
        text += fmt::format("One tree, fully grown: error {:.4g} on the rows that it has seen\n",
                            found.tree_error);
    }
    if (found.best) {
        text += fmt::format("\nGrid, {} folds: error on rows that were not seen\n", plan.folds);
        text += GridTable(plan, found, terminal).text();
        text += fmt::format("Best: {}\n", plan.grid.name(*found.best));
    }
    if (found.trees > 0) {
        text += fmt::format("\nForest of {} with these settings: ",
                            counted(found.trees, "tree", "trees"));
        text +=
            found.out_of_bag_error
                ? fmt::format("error {:.4g} on rows that were not seen\n", *found.out_of_bag_error)
                : std::string("every tree has seen every row, so there is no error to tell\n");
    }
    const std::size_t points = static_cast<std::size_t>(
        std::ranges::count_if(found.points, [](const auto& point) { return point.has_value(); }));
    if (found.interrupted) {
        text += fmt::format("\nInterrupted: {} of {} grid points, {} of {} trees\n", points,
                            plan.grid.points.size(), found.trees, plan.trees);
    }
    text +=
        fmt::format("\n{} in {:.2f} s on {}; ", counted(found.fits, "fit", "fits"), found.seconds,
                    counted(static_cast<std::size_t>(found.processes), "process", "processes"));
    text += found.deaths == 0 ? std::string("no worker died\n")
                              : fmt::format("{} died, and what they held was done again\n",
                                            counted(found.deaths, "worker", "workers"));
    return text;
}

}  // namespace forest
