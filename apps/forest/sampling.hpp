#pragma once

#include <cstdint>
#include <vector>

namespace forest {

// Random choices that depend on the arguments only: they are the same on every machine, with any
// compiler and any number of workers. Any thread, any process.

/// The part to which each row belongs. There are `folds` parts, whose sizes differ by one at most.
[[nodiscard]] std::vector<std::uint32_t> fold_of_rows(std::uint32_t rows, std::uint32_t folds,
                                                      std::uint64_t seed);

/// The rows on which a tree of the forest is grown: as many as there are, drawn with repetition.
[[nodiscard]] std::vector<std::uint32_t> drawn_rows(std::uint32_t rows, std::uint64_t seed,
                                                    std::uint32_t tree);

}  // namespace forest
