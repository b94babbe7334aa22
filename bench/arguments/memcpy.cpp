#include <cstring>

#include "../measure.hpp"
#include "block.hpp"

int main(int argc, char** argv) {
    const auto from = bench::block();
    auto to = bench::block();
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 50, .batch = 50, .warmup = 5}), [&] {
            std::memcpy(to.data(), from.data(), bench::block_bytes);
            bench::keep(*to.data());
        }));
}
