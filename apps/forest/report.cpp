#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tool/json.hpp"
#include "tool/text.hpp"

namespace forest {

namespace {

using nlohmann::json;

constexpr std::size_t shortest_bar = 10;
constexpr std::size_t longest_bar = 40;

std::string error_text(const PointError& point) { return fmt::format("  {:#.4g}", point.error); }
std::string spread_text(const PointError& point) {
    return fmt::format(" +- {:#.2g}", point.spread);
}

/// The width of each axis in the table, with two blanks before all but the first.
std::vector<std::size_t> widths_of(const Grid& grid) {
    std::vector<std::size_t> widths;
    for (const Axis& axis : grid.axes) {
        std::size_t width = axis.name.size();
        for (const auto& label : axis.labels) {
            width = std::max(width, label.size());
        }
        widths.push_back(width + (widths.empty() ? 0 : 2));
    }
    return widths;
}

/// The widths of the columns of the table.
struct Widths {
    Widths(const Plan& plan, const Findings& found) : axes(widths_of(plan.grid)) {
        for (const auto& point : found.points) {
            if (!point) {
                continue;
            }
            error = std::max(error, error_text(*point).size());
            spread = std::max(spread, spread_text(*point).size());
        }
    }
    /// The width of a line without a bar.
    [[nodiscard]] std::size_t line() const {
        return std::accumulate(axes.begin(), axes.end(), error + spread);
    }

    std::vector<std::size_t> axes;
    std::size_t error = std::string_view("  0.1234").size();
    std::size_t spread = std::string_view(" +- 0.0123").size();
};

/// The table of errors.
class GridTable {
public:
    GridTable(const Plan& plan, const Findings& found, const tool::Terminal& terminal)
        : plan_(plan), found_(found), terminal_(terminal), widths_(plan, found) {
        for (const auto& point : found.points) {
            if (point) {
                largest_ = std::max(largest_, point->error);
            }
        }
        const std::size_t line = widths_.line();
        if (terminal.present && terminal.columns >= columns_for_bars(plan, found)) {
            bar_ = std::min(longest_bar, terminal.room() - line - 2);
        }
        spread_ = !terminal.present || line <= terminal.room();
    }

    [[nodiscard]] std::string text() const {
        std::string table;
        for (std::size_t axis = 0; axis < widths_.axes.size(); ++axis) {
            table += fmt::format("{:>{}}", plan_.grid.axes[axis].name, widths_.axes[axis]);
        }
        table += fmt::format("{:>{}}\n", "error", widths_.error);
        for (std::size_t point = 0; point < found_.points.size(); ++point) {
            if (found_.points[point]) {
                table += line(point);
            }
        }
        return table;
    }

private:
    [[nodiscard]] std::string line(std::size_t point) const {
        const PointError& error = *found_.points[point];
        std::string line;
        const auto places = plan_.grid.coordinates(point);
        for (std::size_t axis = 0; axis < places.size(); ++axis) {
            line += fmt::format("{:>{}}", plan_.grid.axes[axis].labels[places[axis]],
                                widths_.axes[axis]);
        }
        line += fmt::format("{:>{}}", error_text(error), widths_.error);
        if (spread_) {
            line += fmt::format("{:<{}}", spread_text(error), widths_.spread);
        }
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
        while (line.ends_with(' ')) {
            line.pop_back();
        }
        return terminal_.painted(best ? tool::Ink::green : tool::Ink::none, line) + '\n';
    }

    const Plan& plan_;
    const Findings& found_;
    const tool::Terminal& terminal_;
    Widths widths_;
    double largest_ = 0;
    bool spread_ = true;   // there is room for the standard errors
    std::size_t bar_ = 0;  // the width of the longest bar; 0: there are no bars
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
    if (found.out_of_bag_error) {
        forest["out_of_bag_error"] = *found.out_of_bag_error;
    }
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
          {"interrupted", found.interrupted},
          {"stopped", found.stopped ? json(found.stopped->what()) : json(nullptr)}}},
    };
    return tool::json_text(all);
}

std::size_t columns_for_bars(const Plan& plan, const Findings& found) {
    return Widths(plan, found).line() + 2 + shortest_bar + 1;
}

std::string as_text(const Dataset& data, const Plan& plan, const Findings& found,
                    const tool::Terminal& terminal) {
    std::string text = terminal.fitted(fmt::format(
        "{}: {}, {} from {}\n", tool::one_line(data.file), tool::counted(data.rows(), "row"),
        data.target, tool::counted(data.columns(), "column")));
    const auto say = [&]<class... Values>(fmt::format_string<Values...> format,
                                          Values&&... values) {
        text += terminal.fitted(fmt::format(format, std::forward<Values>(values)...));
    };
    if (!found.tree.empty()) {
        say("One tree, fully grown: error {:.4g} on the rows that it has seen\n", found.tree_error);
    }
    if (found.best) {
        say("\nGrid, {} folds: error on rows that were not seen\n", plan.folds);
        text += GridTable(plan, found, terminal).text();
        say("Best: {}\n", plan.grid.name(*found.best));
    }
    if (found.trees > 0) {
        const std::string trees = tool::counted(found.trees, "tree");
        if (found.out_of_bag_error) {
            say("\nForest of {} with these settings: error {:.4g} on rows that were not seen\n",
                trees, *found.out_of_bag_error);
        } else {
            say("\nForest of {} with these settings: every tree has seen every row, so there is no "
                "error to tell\n",
                trees);
        }
    }
    if (!found.all()) {
        const auto points = std::ranges::count_if(
            found.points, [](const auto& point) { return point.has_value(); });
        say("\n{}: {} of {} grid points, {} of {} trees\n",
            found.interrupted ? "Interrupted" : "Stopped", points, plan.grid.points.size(),
            found.trees, plan.trees);
    }
    say("\n{} in {:.2f} s on {}; {}\n", tool::counted(found.fits, "fit"), found.seconds,
        tool::counted(found.processes, "process"),
        found.deaths == 0 ? std::string("no worker died")
                          : tool::counted(found.deaths, "worker") + " died" +
                                (found.all() ? ", and what they held was done again" : ""));
    return text;
}

}  // namespace forest
