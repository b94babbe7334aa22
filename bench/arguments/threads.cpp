#include "../locked_pool.hpp"
#include "../measure.hpp"
#include "block.hpp"

/// The argument by value, as a thread pool takes it: one copy.
int main(int argc, char** argv) {
    const auto block = bench::block();
    bench::LockedPool pool(1);
    bench::report(bench::measure(
        bench::plan(argc, argv, {.samples = 50, .batch = 20, .warmup = 5}),
        [&] { bench::keep(pool.submit([copy = block] { return bench::ends(copy); }).get()); }));
}
