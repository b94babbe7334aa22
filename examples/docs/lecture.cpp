// What docs/lecture.md shows of the lecture's programs.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

double subtract(double x, std::chrono::milliseconds sleep) {
    std::this_thread::sleep_for(sleep);
    return x * x;
}

int parse(const std::string& line) {
    if (line.empty()) {
        std::abort();
    }
    return std::stoi(line);
}

void use(int value) { std::cout << value << '\n'; }

}  // namespace

int main() {
    const auto sleep = 10ms;
    const std::vector<double> data(100, 1.5);
    std::vector<double> out;
    // The lines are the document's.
    // clang-format off
    // [map]
    mp::Pool pool{8};
    out = pool.map([sleep](double x) { return subtract(x, sleep); }, data);   // the lecture's In [2]
    out = pool.map(mp::bind_back(subtract, sleep), data);                     // In [4]: Python's partial
    // [/map]

    const std::vector<std::string> lines{"217", "", "no number", "4"};
    // [isolation]
    for (auto& outcome : pool.try_map(parse, lines, {.timeout = 500ms}))
        if (outcome) use(*outcome); else std::cerr << outcome.error().message() << '\n';
    // [/isolation]
}
