// docs/pristine.md
// clang-format off
// [program]
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;

std::vector<std::string> dictionary;    // loaded once a worker

void load() { dictionary = {"apple", "pear", "plum"}; }

// A library in the old style: settings are global, and an error leaves them as they are.
int legacy_count = 0;
std::string legacy_lookup(int number) {
    if (++legacy_count > 1) return "state of an earlier call";
    if (number == 1) std::abort();
    return dictionary.at(static_cast<std::size_t>(number));
}

int main() {
    mp::Pool pool{{.processes = 2, .initializer = load}};
    for (const auto& word : pool.try_map(legacy_lookup, {0, 1, 2, 5}, {.pristine = true}))
        if (word) std::cout << *word << '\n';
        else std::cout << "nothing for item " << word.error().index() << '\n';    // the reason: message()
}
// [/program]
