// The lecture's exercise: add letters to a text until its hash begins with a 0.

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <zlib.h>

#include <procpool/procpool.hpp>

namespace mp = procpool;

const std::string base = "I miss DSR already";

/// What a try found, and whether that is what we look for.
struct Try {
    bool success;
    char letters[21];  // a text of 20 letters and its end
};

/// Picks 20 letters, adds them to the base, hashes. 20, because adler32 adds up slowly: with 1 to
/// 18 letters, and with 21 to 25, the hash of this base never begins with a 0.
Try try_letters(int number) {
    std::mt19937 random(static_cast<unsigned>(number));  // each try its own letters
    std::uniform_int_distribution<int> letter('a', 'z');
    Try result{};
    for (int i = 0; i < 20; ++i) {
        result.letters[i] = static_cast<char>(letter(random));
    }

    const std::string text = base + result.letters;
    const auto hash = adler32(1, reinterpret_cast<const Bytef*>(text.data()), uInt(text.size()));
    result.success = hash >> 28 == 0;  // the first of its eight hexadecimal digits
    return result;
}

void show(const char* how, const std::vector<Try>& tries) {
    int successes = 0;
    for (const Try& one : tries) {
        successes += one.success ? 1 : 0;
    }
    std::printf("%s: %d of %zu tries succeed, the first letters are %s\n", how, successes,
                tries.size(), tries.front().letters);
}

int main() {
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);

    std::vector<Try> tries;  // a normal map ...
    std::transform(numbers.begin(), numbers.end(), std::back_inserter(tries), try_letters);
    show("normal map", tries);

    mp::Pool pool;  // ... and the same on all CPUs
    show("pool.map  ", pool.map(try_letters, numbers));
}
