#include <string>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "../items.hpp"
#include "../measure.hpp"
#include "block.hpp"

/// Seconds per block of 1 MiB.
///
///     apply          one call and its answer, back to back
///     map            16 vectors in one call, on two workers
///     map_string     16 strings in one call, on two workers
///     shared_vector  the numbers of one block, read and written in place
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .batch = 20, .warmup = 5});
    procpool::Pool pool{2};
    const auto per_block = [&](auto call) {
        return bench::per_block(bench::block_count, bench::measure(plan, call));
    };

    if (plan.variant == "apply") {
        const auto block = bench::block();
        bench::report(bench::measure(plan, [&] { bench::keep(pool.apply(bench::ends, block)); }));
    } else if (plan.variant == "map") {
        const std::vector<bench::Vector> data(bench::block_count, bench::block());
        bench::report(per_block([&] { bench::keep(pool.map(bench::ends, data)); }));
    } else if (plan.variant == "map_string") {
        const std::vector<std::string> data(bench::block_count,
                                            std::string(bench::block_bytes, 'x'));
        const auto ends = [](const std::string& text) { return text.front() == text.back(); };
        bench::report(per_block([&] { bench::keep(pool.map(ends, data)); }));
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
