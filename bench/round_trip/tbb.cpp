#include <future>

#include <tbb/task_arena.h>

#include "../items.hpp"
#include "../measure.hpp"

int main(int argc, char** argv) {
    tbb::task_arena arena(2);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 50, .batch = 500, .warmup = 5}), [&] {
            std::promise<double> answer;
            arena.enqueue([&] { answer.set_value(bench::square(1.5)); });
            bench::keep(answer.get_future().get());
        }));
}
