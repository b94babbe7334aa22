#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include <procpool/pool.hpp>
#include <procpool/stats.hpp>

#include "../measure.hpp"

// 5,000 items of 10 us on a warm pool of two, with a timeline ("on") or without ("off"). With it,
// stats() is asked for as often as a bar does.

namespace {

constexpr int items = 5000;

double spin(double x) {
    const auto until = bench::Clock::now() + std::chrono::microseconds(10);
    while (bench::Clock::now() < until) {
    }
    return x;
}

}  // namespace

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 40, .warmup = 4, .variant = "off"});
    if (plan.variant != "off" && plan.variant != "on") {
        bench::unknown(plan.variant);
    }
    const bool is_on = plan.variant == "on";
    const std::string file = "/tmp/procpool-bench-" + std::to_string(::getpid()) + ".json";
    if (is_on) {
        ::setenv("PROCPOOL_TRACE", file.c_str(), 1);
    }
    {
        const std::vector<double> data(items, 1.0);
        procpool::Pool pool{2};
        auto samples = bench::measure(plan, [&] {
            bench::keep(pool.map(spin, data));
            if (is_on) {
                bench::keep(pool.stats().done);
            }
        });
        for (double& sample : samples) {
            sample /= items;
        }
        bench::report(samples);
    }
    if (is_on) {
        std::remove(file.c_str());
    }
}
