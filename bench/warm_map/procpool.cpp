#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 100, .batch = 200, .warmup = 20});
    const auto data = bench::numbers(100);
    procpool::Pool pool{{.processes = bench::number(plan.variant)}};
    bench::report(bench::measure(
        plan, [&] { bench::keep(pool.map([](double x) { return bench::square(x); }, data)); }));
}
