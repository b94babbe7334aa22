#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include <unistd.h>

#include <procpool/pool.hpp>

#include "../measure.hpp"

// A map of items of about 100 us of computing, with a journal that is begun anew each time, and
// without.

namespace {

std::uint64_t compute(std::uint64_t x) {
    for (int i = 0; i < 85'000; ++i) {
        x = x * 0x5851'f42d'4c95'7f2d + 1;
        asm volatile("" : "+r"(x));
    }
    return x;
}

}  // namespace

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 20, .warmup = 1});
    if (plan.variant != "off" && plan.variant != "on" && plan.variant != "sync") {
        bench::unknown(plan.variant);
    }
    const bool sync = plan.variant == "sync";
    const std::string file = "bench-journal-" + std::to_string(::getpid());
    procpool::MapOptions options;
    if (plan.variant != "off") {
        options.journal = {.file = file, .sync = sync};
    }
    std::vector<std::uint64_t> items(sync ? 1'000 : 10'000);
    std::iota(items.begin(), items.end(), std::uint64_t{1});
    procpool::Pool pool{2};
    bench::report(bench::measure(plan, [&] {
        bench::keep(pool.map(compute, items, options));
        std::remove(file.c_str());
    }));
}
