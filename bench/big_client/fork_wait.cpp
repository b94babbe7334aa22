#include "../children.hpp"
#include "../measure.hpp"
#include "big_memory.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 20, .warmup = 1});
    const bench::BigMemory memory;
    bench::report(bench::measure(plan, [] { bench::wait_for(bench::fork_child([] {})); }));
}
