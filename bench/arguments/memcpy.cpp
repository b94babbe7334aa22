#include <cstring>
#include <string_view>

#include "../measure.hpp"
#include "block.hpp"

/// Seconds per block: "same" copies one block again and again, "many" as many blocks as a map
/// ships, one after the other.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 50, .batch = 20, .warmup = 5});
    if (plan.variant != "same" && plan.variant != "many") {
        bench::unknown(plan.variant);
    }
    const std::size_t count = plan.variant == "same" ? 1 : bench::block_count;
    const std::vector<bench::Vector> from(count, bench::block());
    std::vector<bench::Vector> to(count, bench::block());
    bench::report(bench::per_block(count, bench::measure(plan, [&] {
                                       for (std::size_t i = 0; i < count; ++i) {
                                           std::memcpy(to[i].data(), from[i].data(),
                                                       bench::block_bytes);
                                           bench::keep(*to[i].data());
                                       }
                                   })));
}
