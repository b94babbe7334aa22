#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"
#include "big_memory.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 20, .warmup = 1});
    const auto data = bench::numbers(100);
    const bench::BigMemory memory;
    bench::report(bench::measure(plan, [&] {
        procpool::Pool pool{2};
        bench::keep(pool.map([](double x) { return bench::square(x); }, data));
    }));
}
