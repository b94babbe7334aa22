#include <array>
#include <atomic>
#include <csignal>

#include <procpool/pool.hpp>

#include "../children.hpp"
#include "../measure.hpp"

namespace {

using Instant = std::atomic<bench::Clock::rep>;
Instant* killed;  // in memory that the workers share

bench::Clock::rep now() { return bench::Clock::now().time_since_epoch().count(); }

double since_killed(bench::Clock::rep instant) {
    return bench::seconds(bench::Clock::duration(instant - killed->load()));
}

}  // namespace

/// Seconds from the instant at which a pool's only worker kills itself until ...
///
///     resolved  ... its item is known to have failed
///     replaced  ... another worker runs an item
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .warmup = 3});
    if (plan.variant != "resolved" && plan.variant != "replaced") {
        bench::unknown(plan.variant);
    }
    const bench::Shared<Instant> instant;
    killed = &*instant;
    procpool::Pool pool{1};
    const std::array<int, 1> item{};

    std::vector<double> samples;
    for (int i = -plan.warmup; i < plan.samples; ++i) {
        const auto outcomes = pool.try_map(
            [](int) {
                killed->store(now());
                return ::kill(::getpid(), SIGKILL);
            },
            item);
        const double resolved = since_killed(now());
        const double replaced = since_killed(pool.apply([] { return now(); }));
        if (outcomes.at(0)) {
            std::fprintf(stderr, "the worker survived\n");
            return 1;
        }
        if (i >= 0) {
            samples.push_back(plan.variant == "resolved" ? resolved : replaced);
        }
    }
    bench::report(samples);
}
