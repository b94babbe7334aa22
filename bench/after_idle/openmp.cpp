#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms}), [&] {
            std::vector<double> out(data.size());
#pragma omp parallel for num_threads(2)
            for (std::size_t i = 0; i < data.size(); ++i)
                out[i] = bench::square(data[i]);
            bench::keep(out);
        }));
}
