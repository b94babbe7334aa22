#include "grid.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "csv.hpp"
#include "tool/exit.hpp"
#include "tool/text.hpp"

namespace forest {

namespace {

constexpr std::size_t most_points = 10'000;

struct Setting {
    std::string_view name;
    std::string_view values;  ///< what it takes, for messages
    int most;                 ///< it takes 1 to this; 0: it takes a share, not a whole number
    void (*set)(Settings&, double);
};

constexpr std::array all_settings{
    Setting{"depth", "1 to 1000, or full", Settings::full,
            [](Settings& s, double value) { s.depth = static_cast<int>(value); }},
    Setting{"leaf", "1 to 1000000", 1'000'000,
            [](Settings& s, double value) { s.leaf = static_cast<int>(value); }},
    Setting{"rounds", "1 to 10000", 10'000,
            [](Settings& s, double value) { s.rounds = static_cast<int>(value); }},
    Setting{"rate", "more than 0, and 1 at most", 0,
            [](Settings& s, double value) { s.rate = value; }},
};

[[noreturn]] void refuse(std::string_view word, std::string_view why) {
    throw tool::BadUsage(fmt::format(
        "--grid {}: {}; write for example: --grid depth=1..4,full leaf=1,5 rounds=1,10 rate=0.3,1",
        tool::quoted(word), why));
}

/// The values of a setting, each with its text.
struct Values {
    std::vector<std::string> labels;
    std::vector<double> numbers;

    void add(std::string label, double number, std::string_view word) {
        if (std::ranges::find(numbers, number) != numbers.end()) {
            refuse(word, fmt::format("{} is there twice", label));
        }
        labels.push_back(std::move(label));
        numbers.push_back(number);
        if (numbers.size() > most_points) {
            refuse(word, fmt::format("more than {} values", most_points));
        }
    }
};

Values values_of(const Setting& setting, std::string_view list, std::string_view word) {
    Values values;
    for (const auto part : tool::split(list, ",")) {
        const auto not_allowed = [&] {
            refuse(word, fmt::format("{} takes {}, not {}", setting.name, setting.values,
                                     tool::quoted(part)));
        };
        if (setting.most == 0) {
            double number = 0;
            if (!to_number(part, number) || number <= 0 || number > 1) {
                not_allowed();
            }
            values.add(std::string(part), number, word);
            continue;
        }
        if (setting.name == "depth" && part == "full") {
            values.add("full", Settings::full, word);
            continue;
        }
        const auto dots = part.find("..");
        const auto first = tool::whole_number<int>(part.substr(0, dots));
        const auto last =
            dots == std::string_view::npos ? first : tool::whole_number<int>(part.substr(dots + 2));
        if (!first || !last || *first < 1 || *last > setting.most) {
            not_allowed();
        }
        if (*last < *first) {
            refuse(word, fmt::format("{} is upside down", tool::quoted(part)));
        }
        for (int number = *first; number <= *last; ++number) {
            values.add(std::to_string(number), number, word);
        }
    }
    return values;
}

}  // namespace

std::vector<std::size_t> Grid::coordinates(std::size_t point) const {
    std::vector<std::size_t> places(axes.size());
    for (std::size_t axis = axes.size(); axis-- > 0;) {
        places[axis] = point % axes[axis].labels.size();
        point /= axes[axis].labels.size();
    }
    return places;
}

std::string Grid::name(std::size_t point) const {
    std::string text;
    const auto places = coordinates(point);
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        text += fmt::format("{}{}={}", axis == 0 ? "" : " ", axes[axis].name,
                            axes[axis].labels[places[axis]]);
    }
    return text;
}

Grid parse_grid(std::string_view text) {
    Grid grid;
    grid.points.emplace_back();
    std::set<std::string_view> seen;
    for (const auto word : tool::split(text, " \t\n")) {
        if (word.empty()) {
            continue;
        }
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        const auto* setting = std::ranges::find(all_settings, name, &Setting::name);
        if (setting == all_settings.end()) {
            refuse(word, "a setting is one of depth, leaf, rounds and rate");
        }
        if (equals == std::string_view::npos) {
            refuse(word, "it has no values");
        }
        if (!seen.insert(name).second) {
            refuse(word, fmt::format("{} is there twice", name));
        }

        const Values values = values_of(*setting, word.substr(equals + 1), word);
        if (grid.points.size() * values.numbers.size() > most_points) {
            refuse(word,
                   fmt::format("that makes more than {} combinations of settings", most_points));
        }
        std::vector<Settings> points;
        for (const Settings& point : grid.points) {
            for (const double number : values.numbers) {
                points.push_back(point);
                setting->set(points.back(), number);
            }
        }
        grid.points = std::move(points);
        grid.axes.push_back({std::string(name), values.labels});
    }
    if (grid.axes.empty()) {
        refuse(text, "it has no setting");
    }
    return grid;
}

}  // namespace forest
