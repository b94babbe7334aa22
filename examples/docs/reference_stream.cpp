// docs/reference/stream.md
// clang-format off
#include <chrono>
#include <iostream>
#include <optional>
#include <ranges>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

int main() {
    mp::Pool pool{2};
    const auto square = [](int x) { return x * x; };
    int seen = 0;

    // [next]
    mp::Stream<int> squares = pool.imap_unordered(square, std::views::iota(0), {.buffer = 1000});
    while (seen < 100) try {
        if (std::optional<int> one = squares.next(50ms)) ++seen;    // nothing: the end
    } catch (const mp::TimeoutError&) {
        std::cout << "still waiting\n";                              // the item runs on; next() may be called again
    }
    // [/next]

    // [for]
    for (int one : pool.imap(square, std::views::iota(1, 1'000'000)) | std::views::take(10)) seen += one;
    // [/for]

    // [later]
    mp::AsyncResult<int> nine = pool.submit(square, 3);    // at once; the task runs meanwhile
    seen += nine.get();                                    // waits for it
    // [/later]
    return seen == 100 + 385 + 9 ? 0 : 1;
}
