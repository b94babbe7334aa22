#include <utility>

#include <procpool/pool.hpp>

#include "values.hpp"

/// Seconds per value, there and back, on two workers.
///
///     strings   32 bytes each, a map of 10,000
///     structs   of three members, one a string, a map of 10,000
///     numbers   a vector of 10^6 as one argument and its result
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .batch = 5, .warmup = 5});
    procpool::Pool pool{2};
    const auto back = []<class T>(T value) { return value; };
    const auto map = [&](const auto& values) {
        bench::report(bench::per_value(
            values.size(), bench::measure(plan, [&] { bench::keep(pool.map(back, values)); })));
    };
    if (plan.variant == "strings") {
        map(bench::strings());
    } else if (plan.variant == "structs") {
        map(bench::readings());
    } else if (plan.variant == "numbers") {
        const auto numbers = bench::many_numbers();
        bench::report(bench::measure(plan, [&] { bench::keep(pool.apply(back, numbers)); }));
    } else {
        bench::unknown(plan.variant);
    }
}
