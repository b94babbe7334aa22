#include <tbb/parallel_for.h>

#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms}), [&] {
            std::vector<double> out(data.size());
            tbb::parallel_for(std::size_t{0}, data.size(),
                              [&](std::size_t i) { out[i] = bench::square(data[i]); });
            bench::keep(out);
        }));
}
