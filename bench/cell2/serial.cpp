#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 1}), [&] {
        std::vector<double> out;
        for (const double x : data) {
            out.push_back(bench::slow_square(x, 10ms));
        }
        bench::keep(out);
    }));
}
