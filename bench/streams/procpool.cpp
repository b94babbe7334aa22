#include <cstddef>
#include <string>

#include <procpool/pool.hpp>

#include "../measure.hpp"
#include "plan.hpp"

/// Variants: `map`, or the buffer of an imap_unordered; 0 is the library's choice. Per item.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 5, .warmup = 1});
    const auto words = bench::words();
    const bool maps = plan.variant == "map";
    const procpool::MapOptions options{
        .buffer = maps ? 0 : static_cast<std::size_t>(bench::number(plan.variant))};
    procpool::Pool pool{2};
    auto samples = bench::measure(plan, [&] {
        if (maps) {
            bench::keep(pool.map(bench::exclaimed, words));
            return;
        }
        for (const std::string& word : pool.imap_unordered(bench::exclaimed, words, options)) {
            bench::keep(word);
        }
    });
    for (double& sample : samples) {
        sample /= bench::words_of_a_stream;
    }
    bench::report(samples);
}
