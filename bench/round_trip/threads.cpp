#include "../items.hpp"
#include "../locked_pool.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .batch = 500, .warmup = 5});
    bench::LockedPool pool(bench::number(plan.variant));
    bench::report(bench::measure(
        plan, [&] { bench::keep(pool.submit([] { return bench::square(1.5); }).get()); }));
}
