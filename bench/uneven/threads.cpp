#include "../bare_threads.hpp"
#include "../measure.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::pauses();
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 3, .warmup = 1}), [&] {
        bench::keep(bench::map_on_threads(bench::workers, bench::wait_for, data));
    }));
}
