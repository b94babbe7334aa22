#include "../items.hpp"
#include "../measure.hpp"
#include "block.hpp"

/// The computation that the shared_vector's map does: the squares of the numbers of one block.
int main(int argc, char** argv) {
    const auto data = bench::block();
    auto out = bench::block();
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 50, .batch = 20, .warmup = 5}), [&] {
            for (std::size_t i = 0; i < data.size(); ++i) {
                out[i] = bench::square(data[i]);
            }
            bench::keep(*out.data());
        }));
}
