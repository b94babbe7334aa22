// The README's first program as far as std::thread goes: what it costs to compile is what ours is
// held against.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

double slow_square(double x, std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
    return x * x;
}

int main() {
    std::vector<double> data(100, 1.5);
    std::vector<std::thread> threads;
    for (double& x : data) {
        threads.emplace_back([&x] { x = slow_square(x, 10ms); });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    std::cout << data.front() << '\n';
}
