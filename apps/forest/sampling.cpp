#include "sampling.hpp"

#include <numeric>
#include <utility>

#include "tool/mix.hpp"

namespace forest {

namespace {

/// The distributions of the standard differ from library to library; this one does not.
class Dice {
public:
    Dice(std::uint64_t seed, std::uint64_t stream)
        : state_(tool::mixed(tool::mixed(seed + tool::golden) + stream)) {}

    /// 0 to below `sides`, each as likely: what would favour some of them is thrown again.
    std::uint32_t roll(std::uint32_t sides) {
        const std::uint64_t even = ~std::uint64_t{0} / sides * sides;
        std::uint64_t number = next();
        while (number >= even) {
            number = next();
        }
        return static_cast<std::uint32_t>(number % sides);
    }

private:
    std::uint64_t next() { return tool::mixed(state_ += tool::golden); }

    std::uint64_t state_;
};

}  // namespace

std::vector<std::uint32_t> fold_of_rows(std::uint32_t rows, std::uint32_t folds,
                                        std::uint64_t seed) {
    std::vector<std::uint32_t> shuffled(rows);
    std::iota(shuffled.begin(), shuffled.end(), 0U);
    Dice dice(seed, 0);
    for (std::uint32_t left = rows; left > 1; --left) {
        std::swap(shuffled[left - 1], shuffled[dice.roll(left)]);
    }
    std::vector<std::uint32_t> folds_of(rows);
    for (std::uint32_t i = 0; i < rows; ++i) {
        folds_of[shuffled[i]] = i % folds;
    }
    return folds_of;
}

std::vector<std::uint32_t> drawn_rows(std::uint32_t rows, std::uint64_t seed, std::uint32_t tree) {
    Dice dice(seed, std::uint64_t{1} + tree);
    std::vector<std::uint32_t> drawn(rows);
    for (std::uint32_t& row : drawn) {
        row = dice.roll(rows);
    }
    return drawn;
}

}  // namespace forest
