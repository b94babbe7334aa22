#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// A million strings that cost next to nothing each.
namespace bench {

constexpr std::size_t words_of_a_stream = 1'000'000;

inline std::vector<std::string> words() {
    std::vector<std::string> all(words_of_a_stream);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = "word " + std::to_string(i);
    }
    return all;
}

inline std::string exclaimed(const std::string& word) { return word + "!"; }

}  // namespace bench
