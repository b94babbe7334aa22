// docs/guide.md: a program of one's own, with a struct and a parser that is not to be trusted.
// clang-format off
// [program]
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

struct Reading {
    int sensor;
    double value;
};

// Imagine a library here that is fast, old and not yours.
Reading parse(const std::string& line, char separator) {
    const auto at = line.find(separator);
    if (at == 0) std::abort();                                       // a bug that kills
    if (at == std::string::npos) std::this_thread::sleep_for(1h);    // a bug that hangs
    return {std::stoi(line), std::stod(line.substr(at + 1))};        // may throw std::invalid_argument
}

int main() {
    const std::vector<std::string> lines{"1;20.5", ";", "2;x", "3", "4;19.0"};

    mp::Pool pool;
    double sum = 0;
    for (const auto& reading : pool.try_map(mp::bind_back(parse, ';'), lines, {.timeout = 200ms}))
        if (reading) sum += reading->value;
        else std::cerr << reading.error().message() << '\n';
    std::cout << "sum " << sum << '\n';
}
// [/program]
