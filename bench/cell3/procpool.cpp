#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "../items.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 1}), [&] {
        procpool::Pool pool{8};
        bench::keep(pool.map(procpool::bind_back(bench::slow_square, 100ms), data));
    }));
}
