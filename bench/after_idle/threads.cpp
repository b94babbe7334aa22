#include "../items.hpp"
#include "../locked_pool.hpp"
#include "../measure.hpp"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
    const auto data = bench::numbers(100);
    bench::LockedPool pool(2);
    bench::report(
        bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 3, .idle = 10ms}), [&] {
            std::vector<double> out(data.size());
            const auto squares = [&](std::size_t first, std::size_t last) {
                for (std::size_t i = first; i < last; ++i) {
                    out[i] = bench::square(data[i]);
                }
            };
            const std::size_t half = data.size() / 2;
            auto lower = pool.submit([&] { squares(0, half); });
            auto upper = pool.submit([&] { squares(half, data.size()); });
            lower.get();
            upper.get();
            bench::keep(out);
        }));
}
