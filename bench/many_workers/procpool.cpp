#include <procpool/pool.hpp>

#include "../items.hpp"
#include "plan.hpp"

/// warm: the map alone. life: pool made, used, gone.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::many_plan);
    const auto data = bench::numbers(bench::items_of_many);
    const auto item = [](double x) { return bench::slow_square(x, bench::pause_of_many); };

    if (plan.variant == "warm") {
        procpool::Pool pool{bench::many};
        bench::keep(pool.map([](double x) { return bench::square(x); }, data));
        bench::report(bench::measure(plan, [&] { bench::keep(pool.map(item, data)); }));
    } else if (plan.variant == "life") {
        bench::report(bench::measure(plan, [&] {
            procpool::Pool pool{bench::many};
            bench::keep(pool.map(item, data));
        }));
    } else {
        bench::unknown(plan.variant);
    }
}
