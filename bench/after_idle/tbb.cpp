#include <tbb/parallel_for.h>

#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    auto plan = bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms});
    plan.regular = plan.variant != "irregular";
    bench::report(bench::measure(plan, [&] {
        std::vector<double> out(data.size());
        tbb::parallel_for(std::size_t{0}, data.size(),
                          [&](std::size_t i) { out[i] = bench::square(data[i]); });
        bench::keep(out);
    }));
}
