// The miner on a pool with that many processes, which is made before.

#include "work.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::mine_plan);
    const mine::Plan work = bench::mine_work();
    const auto chunk = mine::chunk_size_for(mine::measure_rate(work));
    const auto crew =
        mine::make_process_crew(bench::number(plan.variant), work.search, work.wanted);
    bench::report(bench::measure_candidates(plan, bench::candidates, [&] {
        bench::keep(mine::mine(work, *crew, chunk, [](const mine::Progress&) { return true; }));
    }));
}
