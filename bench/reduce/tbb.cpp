#include <functional>

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include "../items.hpp"
#include "../measure.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(bench::reduced);
    using Range = tbb::blocked_range<std::size_t>;
    bench::report(bench::measure(bench::plan(argc, argv, bench::reduce_plan), [&] {
        const double sum = tbb::parallel_deterministic_reduce(
            Range(0, data.size(), 4'096), 0.0,
            [&](const Range& range, double part) {
                for (std::size_t i = range.begin(); i < range.end(); ++i) {
                    part += bench::squared_and_one(data[i]);
                }
                return part;
            },
            std::plus<>{});
        bench::keep(sum);
    }));
}
