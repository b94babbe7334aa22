#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    auto plan = bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms});
    plan.regular = plan.variant != "irregular";
    const auto data = bench::numbers(100);
    procpool::Pool pool{{.processes = plan.regular ? bench::number(plan.variant) : 2}};
    bench::report(bench::measure(
        plan, [&] { bench::keep(pool.map([](double x) { return bench::square(x); }, data)); }));
}
