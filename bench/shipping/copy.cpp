#include "values.hpp"

/// Seconds to copy a value there and back in memory: the least that any way to ship it costs.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .batch = 5, .warmup = 5});
    const auto copy = [&](const auto& values, std::size_t count) {
        bench::report(bench::per_value(count, bench::measure(plan, [&] {
                                           const auto there = values;
                                           bench::keep(there);
                                           const auto back = there;
                                           bench::keep(back);
                                       })));
    };
    if (plan.variant == "strings") {
        copy(bench::strings(), bench::small_count);
    } else if (plan.variant == "structs") {
        copy(bench::readings(), bench::small_count);
    } else if (plan.variant == "numbers") {
        copy(bench::many_numbers(), 1);
    } else {
        bench::unknown(plan.variant);
    }
}
