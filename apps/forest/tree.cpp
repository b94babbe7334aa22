#include "tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <xgboost/c_api.h>

namespace forest {

namespace {

void check(int status) {
    if (status != 0) {
        throw std::runtime_error(std::string("xgboost: ") + ::XGBGetLastError());
    }
}

struct Free {
    void operator()(void* matrix) const { ::XGDMatrixFree(matrix); }
};
using Matrix = std::unique_ptr<void, Free>;

struct FreeBooster {
    void operator()(void* booster) const { ::XGBoosterFree(booster); }
};
using Booster = std::unique_ptr<void, FreeBooster>;

/// The targets as XGBoost gets them. It computes in single precision and ignores a gain below a
/// millionth, so it gets numbers around 0 that are neither large nor small. The unit is a power of
/// two: dividing by it loses nothing.
class Scale {
public:
    Scale(const View& table, std::span<const std::uint32_t> rows) {
        const auto count = static_cast<double>(rows.size());
        for (const auto row : rows) {
            middle_ += table.targets[row] / count;
        }
        double squares = 0;
        for (const auto row : rows) {
            const double off = table.targets[row] - middle_;
            squares += off * off / count;
        }
        const double spread = std::sqrt(squares);
        if (!(spread >= std::numeric_limits<double>::min())) {
            return;  // all targets are the same
        }
        unit_ = std::exp2(std::round(std::log2(spread)));
        places_ = 6 - static_cast<int>(std::floor(std::log10(spread)));
    }

    [[nodiscard]] float down(double target) const {
        return static_cast<float>((target - middle_) / unit_);
    }
    [[nodiscard]] double up(float prediction) const {
        const double exact = middle_ + unit_ * static_cast<double>(prediction);
        // Powers of ten are exact up to 10^22: the result is the double nearest to the decimal.
        if (places_ < -22 || places_ > 22) {
            return exact;
        }
        const double ten = std::pow(10.0, std::abs(places_));
        const double rounded =
            places_ >= 0 ? std::round(exact * ten) / ten : std::round(exact / ten) * ten;
        return std::isfinite(rounded) ? rounded : exact;
    }

private:
    double middle_ = 0;
    double unit_ = 1;
    int places_ = 22;  // decimals that are kept
};

Matrix matrix_of(const View& table, std::span<const std::uint32_t> rows) {
    std::vector<float> values;
    values.reserve(rows.size() * table.columns);
    for (const auto row : rows) {
        const float* const begin = table.values + std::size_t{row} * table.columns;
        values.insert(values.end(), begin, begin + table.columns);
    }
    void* matrix = nullptr;
    check(::XGDMatrixCreateFromMat_omp(values.data(), rows.size(), table.columns,
                                       std::numeric_limits<float>::quiet_NaN(), &matrix, 1));
    return Matrix(matrix);
}

Booster booster_for(void* matrix, const Settings& settings) {
    void* handle = nullptr;
    check(::XGBoosterCreate(&matrix, 1, &handle));
    Booster booster(handle);
    const std::pair<const char*, std::string> parameters[] = {
        // With more threads it hangs in a process that was forked after XGBoost had started threads
        // (docs/forest.md).
        {"nthread", "1"},
        {"objective", "reg:squarederror"},
        {"base_score", "0"},
        // Exact splits and leaves that are plain means, as in a textbook.
        {"tree_method", "exact"},
        {"lambda", "0"},
        {"alpha", "0"},
        {"gamma", "0"},
        {"max_depth", std::to_string(settings.depth)},
        {"min_child_weight", std::to_string(settings.leaf == 1 ? 0 : settings.leaf)},
        {"eta", fmt::format("{}", settings.rate)},
        {"verbosity", "0"},
    };
    for (const auto& [name, value] : parameters) {
        check(::XGBoosterSetParam(handle, name, value.c_str()));
    }
    return booster;
}

}  // namespace

std::vector<double> fit_and_predict(const View& table, std::span<const std::uint32_t> grow_on,
                                    std::span<const std::uint32_t> predict,
                                    const Settings& settings) {
    if (predict.empty()) {
        return {};
    }
    const Scale scale(table, grow_on);
    std::vector<float> labels(grow_on.size());
    std::ranges::transform(grow_on, labels.begin(),
                           [&](auto row) { return scale.down(table.targets[row]); });

    const Matrix training = matrix_of(table, grow_on);
    check(::XGDMatrixSetFloatInfo(training.get(), "label", labels.data(), labels.size()));
    const Booster booster = booster_for(training.get(), settings);
    for (int round = 0; round < settings.rounds; ++round) {
        check(::XGBoosterUpdateOneIter(booster.get(), round, training.get()));
    }

    const Matrix asked = matrix_of(table, predict);
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* answers = nullptr;
    check(::XGBoosterPredictFromDMatrix(
        booster.get(), asked.get(),
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false})",
        &shape, &dimensions, &answers));
    std::vector<double> predictions(predict.size());
    std::transform(answers, answers + predict.size(), predictions.begin(),
                   [&](float answer) { return scale.up(answer); });
    return predictions;
}

}  // namespace forest
