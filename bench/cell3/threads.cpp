#include "../bare_threads.hpp"
#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 1}), [&] {
        bench::keep(
            bench::map_on_threads(8, [](double x) { return bench::slow_square(x, 100ms); }, data));
    }));
}
