#include "support/numbers.hpp"

#include <numeric>

namespace support {

std::vector<int> numbers(int count, int first) {
    std::vector<int> result(static_cast<std::size_t>(count));
    std::iota(result.begin(), result.end(), first);
    return result;
}

std::vector<int> squares(int count) {
    std::vector<int> result = numbers(count);
    for (int& number : result) {
        number *= number;
    }
    return result;
}

}  // namespace support
