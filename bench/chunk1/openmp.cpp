#include "../items.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(bench::item_count);
    bench::report(bench::per_item(bench::measure(bench::plan(argc, argv, bench::chunk1_plan), [&] {
        std::vector<double> out(data.size());
#pragma omp parallel for num_threads(2) schedule(dynamic, 1)
        for (std::size_t i = 0; i < data.size(); ++i)
            out[i] = bench::square(data[i]);
        bench::keep(out);
    })));
}
