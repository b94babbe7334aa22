#include <atomic>
#include <csignal>

#include "../children.hpp"
#include "../measure.hpp"

/// From the instant at which a child kills itself until its parent knows, has forked another and
/// that one runs.
int main(int argc, char** argv) {
    using Instant = std::atomic<bench::Clock::rep>;
    const auto now = [] { return bench::Clock::now().time_since_epoch().count(); };
    const auto plan = bench::plan(argc, argv, {.samples = 50, .warmup = 3});
    const bench::Shared<Instant> killed;
    const bench::Shared<Instant> running;

    std::vector<double> samples;
    for (int i = -plan.warmup; i < plan.samples; ++i) {
        bench::wait_for(bench::fork_child([&] {
            killed->store(now());
            ::kill(::getpid(), SIGKILL);
        }));
        bench::wait_for(bench::fork_child([&] { running->store(now()); }));
        if (i >= 0) {
            samples.push_back(
                bench::seconds(bench::Clock::duration(running->load() - killed->load())));
        }
    }
    bench::report(samples);
}
