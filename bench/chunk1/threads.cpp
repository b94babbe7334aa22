#include "../bare_threads.hpp"
#include "../items.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(bench::item_count);
    bench::report(bench::per_item(bench::measure(bench::plan(argc, argv, bench::chunk1_plan), [&] {
        bench::keep(bench::map_on_threads(2, [](double x) { return bench::square(x); }, data));
    })));
}
