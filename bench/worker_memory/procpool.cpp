#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"
#include "private_memory.hpp"

using namespace std::chrono_literals;

/// One figure per worker, after each has worked and then been idle for a while.
int main() {
    const auto data = bench::numbers(10'000);
    procpool::Pool pool{4};
    for (int i = 0; i < 100; ++i) {
        bench::keep(pool.map([](double x) { return bench::square(x); }, data, {.chunksize = 100}));
    }
    std::this_thread::sleep_for(100ms);
    std::vector<double> samples;
    for (const pid_t worker : pool.worker_pids()) {
        samples.push_back(bench::private_memory(worker));
    }
    bench::report(samples, "B");
}
