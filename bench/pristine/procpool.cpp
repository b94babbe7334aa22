#include <vector>

#include <procpool/pool.hpp>

#include "../children.hpp"
#include "../measure.hpp"

/// Seconds for one item of 200 that do nothing, in a pool of one worker.
///
///     pristine   ... each in a copy of the worker
///     fork_wait  ... what the worker takes to fork a child that does nothing, and to wait for it
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 30, .warmup = 3});
    if (plan.variant != "pristine" && plan.variant != "fork_wait") {
        bench::unknown(plan.variant);
    }
    constexpr int count = 200;
    procpool::Pool pool{1};
    const std::vector<int> items(count);
    auto samples = bench::measure(plan, [&] {
        if (plan.variant == "pristine") {
            bench::keep(pool.map([](int x) { return x; }, items, {.pristine = true}));
        } else {
            pool.apply([] {
                for (int i = 0; i < count; ++i) {
                    bench::wait_for(bench::fork_child([] {}));
                }
            });
        }
    });
    for (double& sample : samples) {
        sample /= count;
    }
    bench::report(samples);
}
