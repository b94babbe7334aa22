// docs/streams.md, docs/reference/stream.md
// clang-format off
// [program]
#include <iostream>
#include <ranges>
#include <sstream>
#include <string>

#include <procpool/procpool.hpp>

namespace mp = procpool;

int parse(const std::string& line) { return std::stoi(line); }

int main() {
    std::istringstream file("1 2 three 4");    // any range will do: read once, without a size, without an end
    auto lines = std::ranges::istream_view<std::string>(file);

    mp::Pool pool;
    int sum = 0;
    for (const mp::Outcome<int>& row : pool.try_imap(parse, lines)) {    // as they come, in order
        if (row) sum += *row;
        else std::cerr << row.error().message() << '\n';                  // "item 2: worker 4711 threw ..."
    }
    const auto collatz = [](long n) { int steps = 0; for (; n != 1; ++steps) n = n % 2 ? 3 * n + 1 : n / 2; return steps; };
    for (int steps : pool.imap(collatz, std::views::iota(1L)) | std::views::take(10)) sum += steps;
    return sum == 7 + 67 ? 0 : 1;
}
// [/program]
