#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 100, .batch = 200, .warmup = 20}), [&] {
            std::vector<double> out(data.size());
#pragma omp parallel for num_threads(2)
            for (std::size_t i = 0; i < data.size(); ++i)
                out[i] = bench::square(data[i]);
            bench::keep(out);
        }));
}
