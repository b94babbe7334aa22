#include <atomic>
#include <csignal>

#include "../children.hpp"
#include "../measure.hpp"

/// From the kill of a child that computes for ever until it is reaped, another one forked, and that
/// one runs.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .warmup = 3});
    const bench::Shared<std::atomic<int>> runs;

    std::vector<double> samples;
    for (int i = -plan.warmup; i < plan.samples; ++i) {
        runs->store(0);
        const pid_t child = bench::fork_child([&] {
            for (;;) {
                runs->store(1);
            }
        });
        while (runs->load() == 0) {
        }
        const auto begin = bench::Clock::now();
        ::kill(child, SIGKILL);
        bench::wait_for(child);
        const pid_t next = bench::fork_child([&] { runs->store(2); });
        while (runs->load() != 2) {
        }
        const double replaced = bench::seconds(bench::Clock::now() - begin);
        bench::wait_for(next);
        if (i >= 0) {
            samples.push_back(replaced);
        }
    }
    bench::report(samples);
}
