#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 100, .batch = 200, .warmup = 20}), [&] {
            std::vector<double> out;
            out.reserve(data.size());
            for (const double x : data) {
                out.push_back(bench::square(x));
            }
            bench::keep(out);
        }));
}
