#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const tbb::global_control eight(tbb::global_control::max_allowed_parallelism, 8);
    const auto data = bench::numbers(100);
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 5}), [&] {
        tbb::task_arena arena(8);
        std::vector<double> out(data.size());
        arena.execute([&] {
            // One item per task: a free thread takes the next one, as in the other peers.
            tbb::parallel_for(
                tbb::blocked_range<std::size_t>(0, data.size()),
                [&](const tbb::blocked_range<std::size_t>& range) {
                    for (std::size_t i = range.begin(); i < range.end(); ++i) {
                        out[i] = bench::slow_square(data[i], 10ms);
                    }
                },
                tbb::simple_partitioner());
        });
        bench::keep(out);
    }));
}
