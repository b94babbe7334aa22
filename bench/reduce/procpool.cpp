#include <functional>

#include <procpool/pool.hpp>
#include <procpool/shared.hpp>

#include "../items.hpp"
#include "../measure.hpp"
#include "plan.hpp"

namespace {

template <class Data>
void run(const bench::Plan& plan, const Data& data) {
    procpool::Pool pool{2};
    bench::report(bench::measure(plan, [&] {
        bench::keep(pool.transform_reduce(data, 0.0, std::plus<>{},
                                          [](double x) { return bench::squared_and_one(x); }));
    }));
}

}  // namespace

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::reduce_plan);
    const auto data = bench::numbers(bench::reduced);
    if (plan.variant == "vector") {
        run(plan, data);
    } else if (plan.variant == "shared") {
        run(plan, procpool::shared_vector<double>(data.begin(), data.end()));
    } else {
        bench::unknown(plan.variant);
    }
}
