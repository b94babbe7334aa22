// docs/stopping.md
// clang-format off
// [program]
#include <chrono>
#include <iostream>
#include <stop_token>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

double simulate(double seed) {    // of a library: it knows nothing of us, and may never end
    for (;;) seed = seed * 1.0000001;
}
int count_until_stopped() {       // of ours: it ends when it is asked, with what it has
    int steps = 0;
    for (auto stop = mp::this_task::stop_token(); !stop.stop_requested(); ++steps) std::this_thread::sleep_for(1ms);
    return steps;
}

int main() {
    mp::Pool pool{2};
    auto endless = pool.submit(simulate, 1.0);
    auto steps = pool.submit(count_until_stopped);
    std::this_thread::sleep_for(20ms);
    endless.cancel();             // its worker is killed and replaced
    steps.cancel(1s);             // it is asked, and has a second
    std::cout << "stopped after " << steps.get() << " steps\n";

    std::stop_source button;      // a button, a signal, another thread
    std::jthread user([&] { std::this_thread::sleep_for(20ms); button.request_stop(); });
    try {
        pool.map(simulate, std::vector<double>(100, 1.0), {.stop = button.get_token()});
    } catch (const mp::TaskCancelled& stopped) {
        std::cout << stopped.message() << '\n';    // "item 0 was cancelled ..."
    }
}
// [/program]
