// The lecture's exercise on the miner: 20 random letters, adler32, and a goal that none of them
// meets, so that every run makes all the tries. The Python peers make as many tries as they are
// told.

#include "../mine/work.hpp"

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, bench::mine_plan);
    constexpr std::uint64_t tries = 8'000'000;
    mine::Plan work;
    work.search = make_search(mine::Strategy::random, mine::hex_goal(mine::Hash::adler32, "8"),
                              "I miss DSR already", "abcdefghijklmnopqrstuvwxyz", {20});
    work.spans = {{.first = 0, .count = tries, .length = 0}};
    const auto chunk = mine::chunk_size_for(mine::measure_rate(work));
    const auto crew =
        mine::make_process_crew(bench::number(plan.variant), work.search, work.wanted);
    bench::report(bench::measure_candidates(plan, tries, [&] {
        bench::keep(mine::mine(work, *crew, chunk, [](const mine::Progress&) { return true; }));
    }));
}
