#include <atomic>

#include <procpool/pool.hpp>

#include "../children.hpp"
#include "../measure.hpp"

namespace {

std::atomic<bool>* spins;  // in memory that the workers share

}  // namespace

/// Seconds from cancel() of a task that computes for ever, in a pool's only worker, until ...
///
///     resolved  ... its result is known to be TaskCancelled
///     replaced  ... another worker runs an item
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .warmup = 3});
    if (plan.variant != "resolved" && plan.variant != "replaced") {
        bench::unknown(plan.variant);
    }
    const bench::Shared<std::atomic<bool>> shared;
    spins = &*shared;
    procpool::Pool pool{1};

    std::vector<double> samples;
    for (int i = -plan.warmup; i < plan.samples; ++i) {
        spins->store(false);
        auto endless = pool.submit([] {
            for (;;) {
                spins->store(true);
            }
        });
        while (!spins->load()) {
        }
        const auto begin = bench::Clock::now();
        endless.cancel();
        endless.wait();
        const double resolved = bench::seconds(bench::Clock::now() - begin);
        pool.apply([] {});
        const double replaced = bench::seconds(bench::Clock::now() - begin);
        if (i >= 0) {
            samples.push_back(plan.variant == "resolved" ? resolved : replaced);
        }
    }
    bench::report(samples);
}
