#include "../bare_threads.hpp"
#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 5}), [&] {
        bench::keep(bench::map_on_threads(2, [](double x) { return bench::square(x); }, data));
    }));
}
