// docs/guide.md: from the lecture's cells to C++.
// clang-format off
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

// [include]
#include <procpool/procpool.hpp>

namespace mp = procpool;
// [/include]
using namespace std::chrono_literals;

// [function]
double square(double x, std::chrono::milliseconds sleep) {
    std::this_thread::sleep_for(sleep);
    return x * x;
}
// [/function]

int main() {
    const std::vector<double> data(100, 1.5);

    // [map]
    mp::Pool pool{8};
    std::vector<double> out = pool.map(mp::bind_back(square, 10ms), data);
    // [/map]

    std::cout << out.size() << " results, the first is " << out.front() << '\n';
}
