#include "../items.hpp"
#include "../measure.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto data = bench::numbers(bench::reduced);
    bench::report(bench::measure(bench::plan(argc, argv, bench::reduce_plan), [&] {
        double sum = 0;
        for (const double x : data) {
            sum += bench::squared_and_one(x);
        }
        bench::keep(sum);
    }));
}
