#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 100, .batch = 1000, .warmup = 10});
    procpool::Pool pool{{.processes = bench::number(plan.variant)}};
    bench::report(bench::measure(
        plan, [&] { bench::keep(pool.apply([](double x) { return bench::square(x); }, 1.5)); }));
}
