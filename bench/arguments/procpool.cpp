#include <string>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "../items.hpp"
#include "../measure.hpp"
#include "block.hpp"

/// Seconds a block of 1 MiB.
///
///     apply          one call and its answer, back to back
///     map            16 vectors in one call, on two workers
///     map_string     16 strings in one call, on two workers
///     shared_vector  the numbers of one block, read and written in place
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .batch = 20, .warmup = 5});
    procpool::Pool pool{2};
    constexpr std::size_t blocks = 16;
    const auto a_block = [](std::vector<double> samples) {
        for (double& sample : samples) sample /= blocks;
        return samples;
    };

    if (plan.variant == "apply") {
        const auto block = bench::block();
        bench::report(bench::measure(plan, [&] { bench::keep(pool.apply(bench::ends, block)); }));
    } else if (plan.variant == "map") {
        const std::vector<bench::Vector> data(blocks, bench::block());
        bench::report(
            a_block(bench::measure(plan, [&] { bench::keep(pool.map(bench::ends, data)); })));
    } else if (plan.variant == "map_string") {
        const std::vector<std::string> data(blocks, std::string(bench::block_bytes, 'x'));
        const auto ends = [](const std::string& text) { return text.front() == text.back(); };
        bench::report(a_block(bench::measure(plan, [&] { bench::keep(pool.map(ends, data)); })));
    } else if (plan.variant == "shared_vector") {
        procpool::shared_vector<double> data(bench::block_bytes / sizeof(double), 1.5);
        procpool::shared_vector<double> out(data.size());
        bench::report(bench::measure(plan, [&] {
            pool.map_into([](double x) { return bench::square(x); }, data, out);
            bench::keep(*out.data());
        }));
    } else {
        bench::unknown(plan.variant);
    }
}
