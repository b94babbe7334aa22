#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms}), [&] {
            std::vector<double> out;
            out.reserve(data.size());
            for (const double x : data) {
                out.push_back(bench::square(x));
            }
            bench::keep(out);
        }));
}
