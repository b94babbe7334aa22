#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

#include "../items.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(bench::item_count);
    bench::report(bench::per_item(bench::measure(bench::plan(argc, argv, bench::chunk1_plan), [&] {
        std::vector<double> out(data.size());
        tbb::parallel_for(
            tbb::blocked_range<std::size_t>(0, data.size()),
            [&](const tbb::blocked_range<std::size_t>& range) {
                for (std::size_t i = range.begin(); i < range.end(); ++i) {
                    out[i] = bench::square(data[i]);
                }
            },
            tbb::simple_partitioner());
        bench::keep(out);
    })));
}
