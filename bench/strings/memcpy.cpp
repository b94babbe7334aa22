#include <cstring>

#include "../measure.hpp"
#include "plan.hpp"

int main(int argc, char** argv) {
    const auto from = bench::strings();
    auto to = bench::strings();
    bench::report(bench::measure(bench::plan(argc, argv, bench::strings_plan), [&] {
        for (std::size_t i = 0; i < from.size(); ++i) {
            std::memcpy(to[i].data(), from[i].data(), from[i].size());
        }
        bench::keep(to);
    }));
}
