#include "dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "tool/exit.hpp"
#include "tool/text.hpp"

namespace forest {

namespace {

/// As many of the names as there is room for in a line.
std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t room = 100;
    std::string list;
    for (const auto& name : names) {
        if (list.size() + name.size() > room) {
            return list + ", ...";
        }
        list += (list.empty() ? "" : ", ") + name;
    }
    return list;
}

std::optional<std::size_t> find_column(const Csv& csv, std::string_view wanted) {
    const auto named = std::ranges::find(csv.names(), wanted);
    if (named != csv.names().end()) {
        const auto column = static_cast<std::size_t>(named - csv.names().begin());
        const auto again = std::find(named + 1, csv.names().end(), wanted);
        if (again == csv.names().end()) {
            return column;
        }
        throw tool::BadUsage(
            fmt::format("{}: columns {} and {} are both called {}; give the number", csv.file(),
                        column + 1, again - csv.names().begin() + 1, tool::quoted(wanted)));
    }
    const auto number = tool::whole_number<std::size_t>(wanted);
    if (!number || *number < 1 || *number > csv.columns()) {
        return std::nullopt;
    }
    return *number - 1;
}

std::size_t column_of(const Csv& csv, std::string_view wanted, std::string_view option) {
    if (const auto found = find_column(csv, wanted)) {
        return *found;
    }
    const char separator = csv.columns() > 1                                ? ','
                           : csv.names()[0].find(';') != std::string::npos  ? ';'
                           : csv.names()[0].find('\t') != std::string::npos ? '\t'
                                                                            : ',';
    if (separator != ',') {
        throw tool::BadUsage(fmt::format("{}: its cells are separated by {}; write commas",
                                         csv.file(), separator == ';' ? "semicolons" : "tabs"));
    }
    throw tool::BadUsage(fmt::format("{}: there is no column {}; {} takes one of {}, or its number",
                                     csv.file(), tool::quoted(wanted), option,
                                     some_of(csv.names())));
}

std::vector<std::size_t> columns_of(const Csv& csv, std::size_t target,
                                    const std::vector<std::string>& features) {
    std::vector<std::size_t> chosen;
    if (features.empty()) {
        for (std::size_t column = 0; column < csv.columns(); ++column) {
            if (column != target) {
                chosen.push_back(column);
            }
        }
    }
    for (const std::string& wanted : features) {
        const auto dots = find_column(csv, wanted) ? std::string::npos : wanted.find("..");
        const std::size_t first = column_of(csv, wanted.substr(0, dots), "--features");
        const std::size_t last = dots == std::string::npos
                                     ? first
                                     : column_of(csv, wanted.substr(dots + 2), "--features");
        if (last < first) {
            throw tool::BadUsage(fmt::format("--features {} is upside down", tool::quoted(wanted)));
        }
        for (std::size_t column = first; column <= last; ++column) {
            chosen.push_back(column);
        }
    }
    if (chosen.empty()) {
        throw tool::BadUsage(
            fmt::format("{}: there is no column but the target; a tree needs at least "
                        "one more to tell the rows apart",
                        csv.file()));
    }
    std::vector<bool> seen(csv.columns());
    for (const std::size_t column : chosen) {
        const std::string& name = csv.names()[column];
        if (column == target) {
            throw tool::BadUsage(fmt::format(
                "column {} ({}) is the target; leave it out of --features", column + 1, name));
        }
        if (seen[column]) {
            throw tool::BadUsage(
                fmt::format("--features has column {} ({}) twice", column + 1, name));
        }
        seen[column] = true;
    }
    return chosen;
}

/// The columns that hold numbers, as --features takes them: "sepal_length,petal_length".
std::string columns_of_numbers(const Csv& csv, std::size_t target) {
    std::string list;
    for (std::size_t column = 0; column < csv.columns(); ++column) {
        bool numbers = column != target;
        double ignored = 0;
        for (std::size_t row = 0; numbers && row < csv.rows(); ++row) {
            numbers = to_number(csv.cell(row, column), ignored);
        }
        if (!numbers) {
            continue;
        }
        const std::string& name = csv.names()[column];
        const bool alone = std::ranges::count(csv.names(), name) == 1;
        list += (list.empty() ? "" : ",") + (alone ? name : std::to_string(column + 1));
    }
    return list;
}

double number_in(const Csv& csv, std::size_t row, std::size_t column, std::size_t target,
                 double largest) {
    const std::string_view cell = csv.cell(row, column);
    double number = 0;
    const bool is_number = to_number(cell, number);
    if (is_number && std::abs(number) <= largest) {
        return number;
    }

    std::string what = cell.empty() ? "the cell is empty"
                       : !is_number ? tool::quoted(cell) + " is not a number"
                                    : tool::quoted(cell) +
                                          " is too large for the trees, which compute in "
                                          "single precision";
    std::string cure = cell.empty() ? "fill it in" : "correct it";
    if (column == target) {
        cure += ", or choose another --target";
    } else {
        const std::string numbers = columns_of_numbers(csv, target);
        cure += numbers.empty() ? ", or leave the column out with --features"
                                : ", or leave the column out: --features " + numbers;
    }
    throw tool::BadUsage(fmt::format("{}:{}: column {} ({}): {}; {}", csv.file(), csv.line(row),
                                     column + 1, csv.names()[column], what, cure));
}

}  // namespace

Dataset select_columns(const Csv& csv, const std::string& target,
                       const std::vector<std::string>& features) {
    const std::size_t target_column = column_of(csv, target, "--target");
    const auto columns = columns_of(csv, target_column, features);
    if (csv.rows() < 2) {
        throw tool::BadUsage(
            fmt::format("{} has {}; a tree is grown on one row and tried on another, so "
                        "give at least two",
                        csv.file(), csv.rows() == 0 ? "no row" : "one row"));
    }
    if (csv.rows() > std::numeric_limits<std::uint32_t>::max()) {
        throw tool::BadUsage(
            fmt::format("{} has more than 2^32 - 1 rows; take a sample", csv.file()));
    }

    Dataset data{.file = csv.file(),
                 .features = {},
                 .target = csv.names()[target_column],
                 .values = {},
                 .targets = {}};
    for (const std::size_t column : columns) {
        data.features.push_back(csv.names()[column]);
    }
    data.values.reserve(csv.rows() * columns.size());
    data.targets.reserve(csv.rows());
    constexpr double largest_feature = std::numeric_limits<float>::max();
    constexpr double largest_target = 1e100;  // its square is a double
    for (std::size_t row = 0; row < csv.rows(); ++row) {
        for (const std::size_t column : columns) {
            data.values.push_back(
                static_cast<float>(number_in(csv, row, column, target_column, largest_feature)));
        }
        data.targets.push_back(number_in(csv, row, target_column, target_column, largest_target));
    }
    return data;
}

}  // namespace forest
