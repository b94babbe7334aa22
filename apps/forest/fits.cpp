#include "fits.hpp"

#include <numeric>

#include "sampling.hpp"

namespace forest {

namespace {

std::vector<std::uint32_t> all_rows(const View& table) {
    std::vector<std::uint32_t> rows(table.rows);
    std::iota(rows.begin(), rows.end(), 0U);
    return rows;
}

}  // namespace

std::vector<double> fit_on_all_rows(const View& table, const Settings& settings) {
    const auto rows = all_rows(table);
    return fit_and_predict(table, rows, rows, settings);
}

FoldError try_on_fold(const View& table, const std::uint32_t* fold_of_rows, const FoldFit& fit) {
    std::vector<std::uint32_t> others;
    std::vector<std::uint32_t> own;
    for (std::uint32_t row = 0; row < table.rows; ++row) {
        (fold_of_rows[row] == fit.fold ? own : others).push_back(row);
    }
    const auto predictions = fit_and_predict(table, others, own, fit.settings);
    FoldError error{.rows = static_cast<std::uint32_t>(own.size())};
    for (std::size_t i = 0; i < own.size(); ++i) {
        const double off = predictions[i] - table.targets[own[i]];
        error.squares += off * off;
    }
    return error;
}

std::vector<double> fit_on_drawn_rows(const View& table, const TreeFit& fit) {
    return fit_and_predict(table, drawn_rows(table.rows, fit.seed, fit.tree), all_rows(table),
                           fit.settings);
}

}  // namespace forest
