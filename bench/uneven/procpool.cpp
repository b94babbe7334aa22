#include <procpool/pool.hpp>

#include "../measure.hpp"
#include "plan.hpp"

/// Variants: `adaptive` and `one`, one claim for all.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 3, .warmup = 1});
    if (plan.variant != "adaptive" && plan.variant != "one") {
        bench::unknown(plan.variant);
    }
    const auto data = bench::pauses();
    procpool::Pool pool{static_cast<int>(bench::workers)};
    const procpool::MapOptions how{.chunksize = plan.variant == "one" ? data.size() : 0};
    bench::report(bench::measure(plan, [&] { bench::keep(pool.map(bench::wait_for, data, how)); }));
}
