#include <procpool/pool.hpp>

#include "../items.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::chunk1_plan);
    const auto data = bench::numbers(bench::item_count);
    procpool::Pool pool{{.processes = bench::number(plan.variant)}};
    bench::report(bench::per_item(bench::measure(plan, [&] {
        bench::keep(pool.map([](double x) { return bench::square(x); }, data, {.chunksize = 1}));
    })));
}
