#include <string>
#include <string_view>

#include <procpool/pool.hpp>

#include "../measure.hpp"
#include "plan.hpp"

/// A look at both ends of each: of a string of the worker's own, or where it lies.
int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::strings_plan);
    const auto data = bench::strings();
    procpool::Pool pool{2};
    const auto measure = [&](auto ends) {
        bench::report(bench::measure(plan, [&] { bench::keep(pool.map(ends, data)); }));
    };
    if (plan.variant == "string") {
        measure([](const std::string& text) { return text.front() == text.back(); });
    } else if (plan.variant == "view") {
        measure([](std::string_view text) { return text.front() == text.back(); });
    } else {
        bench::unknown(plan.variant);
    }
}
