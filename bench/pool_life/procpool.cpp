#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 5}), [&] {
        procpool::Pool pool{2};
        bench::keep(pool.map([](double x) { return bench::square(x); }, data));
    }));
}
