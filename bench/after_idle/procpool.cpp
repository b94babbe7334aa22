#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    auto plan = bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms});
    const bool awake = plan.variant == "awake";
    plan.regular = !awake && plan.variant != "irregular";
    const auto data = bench::numbers(100);
    procpool::PoolOptions options{.processes = plan.regular ? bench::number(plan.variant) : 2};
    if (awake) {
        options.spin = 1s;
    }
    procpool::Pool pool(options);
    bench::report(bench::measure(
        plan, [&] { bench::keep(pool.map([](double x) { return bench::square(x); }, data)); }));
}
