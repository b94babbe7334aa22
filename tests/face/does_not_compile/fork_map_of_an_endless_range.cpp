// must say: this range has no end, and the call waits for all of it
#include <ranges>

#include <procpool/fork_map.hpp>

void wrong() {
    procpool::fork_map([](int x) { return x; }, std::views::iota(0));
}
