#include "../bare_threads.hpp"
#include "../items.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(bench::items_of_many);
    const auto item = [](double x) { return bench::slow_square(x, bench::pause_of_many); };
    bench::report(bench::measure(bench::plan(argc, argv, bench::many_plan), [&] {
        bench::keep(bench::map_on_threads(bench::many, item, data));
    }));
}
