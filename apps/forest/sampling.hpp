#pragma once

#include <cstdint>
#include <vector>

namespace forest {

// Chance that is the same on every machine, whatever the compiler and the number of workers: it
// depends on the arguments only. Any thread, any process.

/// Which of `folds` parts each row belongs to: parts of equal size, give or take one.
[[nodiscard]] std::vector<std::uint32_t> fold_of_rows(std::uint32_t rows, std::uint32_t folds,
                                                      std::uint64_t seed);

/// The rows that a tree of the forest is grown on: as many as there are, drawn with repetition.
[[nodiscard]] std::vector<std::uint32_t> drawn_rows(std::uint32_t rows, std::uint64_t seed,
                                                    std::uint32_t tree);

}  // namespace forest
