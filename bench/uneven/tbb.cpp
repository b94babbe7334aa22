#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "../measure.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const tbb::global_control eight(tbb::global_control::max_allowed_parallelism, bench::workers);
    const auto data = bench::pauses();
    tbb::task_arena arena(static_cast<int>(bench::workers));
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 3, .warmup = 1}), [&] {
        std::vector<double> out(data.size());
        arena.execute([&] {
            tbb::parallel_for(tbb::blocked_range<std::size_t>(0, data.size()),
                              [&](const tbb::blocked_range<std::size_t>& range) {
                                  for (std::size_t i = range.begin(); i < range.end(); ++i) {
                                      out[i] = bench::wait_for(data[i]);
                                  }
                              });
        });
        bench::keep(out);
    }));
}
