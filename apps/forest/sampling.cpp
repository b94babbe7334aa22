#include "sampling.hpp"

#include <numeric>
#include <utility>

#include "tool/split_mix.hpp"

namespace forest {

namespace {

/// An even distribution. Those of the standard library differ between implementations.
class Dice {
public:
    Dice(std::uint64_t seed, std::uint64_t stream)
        : random_(tool::SplitMix64::mixed(tool::SplitMix64(seed).next() + stream)) {}

    /// 0 to below `sides`, each equally likely. Numbers that would make some likelier are drawn
    /// again.
    std::uint32_t roll(std::uint32_t sides) {
        const std::uint64_t even = ~std::uint64_t{0} / sides * sides;
        std::uint64_t number = random_.next();
        while (number >= even) {
            number = random_.next();
        }
        return static_cast<std::uint32_t>(number % sides);
    }

private:
    tool::SplitMix64 random_;
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
