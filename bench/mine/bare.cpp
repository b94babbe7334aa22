// One loop over all candidates, no pool: the kernel alone.

#include "work.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::mine_plan);
    const mine::Plan work = bench::mine_work();
    bench::report(bench::measure_candidates(plan, bench::candidates, [&] {
        bench::keep(work_off(work.search, work.spans.front(), 1));
    }));
}
