#include "../measure.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::pauses();
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 3, .warmup = 1}), [&] {
        std::vector<double> out(data.size());
#pragma omp parallel for num_threads(8) schedule(guided)
        for (std::size_t i = 0; i < data.size(); ++i)
            out[i] = bench::wait_for(data[i]);
        bench::keep(out);
    }));
}
