// docs/observing.md, docs/reference/stats.md.
// clang-format off
#include <chrono>
#include <iostream>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

int main() {
    mp::Pool pool{2};
    const std::vector<int> files(50, 1);
    const auto parse = [](int x) {
        if (mp::this_task::index() == 17) std::this_thread::sleep_for(20ms);
        return x;
    };
    // [stats]
    pool.map(parse, files);
    mp::PoolStats stats = pool.stats();

    std::cout << stats.done << " done, " << stats.failed << " failed, " << stats.deaths << " died\n";
    for (const mp::WorkerStats& worker : stats.workers)
        std::cout << "worker " << worker.worker << " (" << worker.pid << "): " << worker.items << " items, busy for "
                  << worker.busy / 1ms << " ms, " << worker.memory / 1024 << " KiB\n";
    // [/stats]

    // [slowest]
    for (const mp::SlowItem& slow : pool.stats().slowest)
        std::cout << "call " << slow.call << ", item " << slow.index << ": " << slow.duration / 1us << " us\n";
    // [/slowest]
    return stats.done == 50 && pool.stats().slowest.front().duration >= 20ms ? 0 : 1;
}
