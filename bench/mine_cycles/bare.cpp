// What a candidate costs one CPU, in cycles of its time stamp counter, which runs at the nominal
// frequency. One loop, no pool, a goal that is never met.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <x86intrin.h>

#include "../../apps/mine/header.hpp"
#include "../mine/work.hpp"

namespace {

using mine::Hash;
using mine::Strategy;

mine::Search search_for(std::string_view variant) {
    if (variant == "nonce") {
        return mine::header_search(
            "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12"
            "b2"
            "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f4901000003");
    }
    const auto dash = variant.find('-');
    const auto hash = mine::hash_of_name(variant.substr(0, dash));
    if (!hash || dash == std::string_view::npos) {
        bench::unknown(variant);
    }
    const auto order = variant.substr(dash + 1);
    if (order != "enumerate" && order != "random") {
        bench::unknown(variant);
    }
    auto search = make_search(order == "random" ? Strategy::random : Strategy::enumerate,
                              mine::zero_bits_goal(*hash, 32), "I miss DSR already",
                              "abcdefghijklmnopqrstuvwxyz", {7});
    search.ranges[0] = {~std::uint64_t{0}, ~std::uint64_t{0}};
    return search;
}

}  // namespace

int main(int argc, char** argv) {
    const auto plan = bench::plan(argc, argv, {.samples = 9, .warmup = 1});
    const mine::Search search = search_for(plan.variant);
    constexpr std::uint64_t count = 4'000'000;
    std::vector<double> samples;
    for (int i = -plan.warmup; i < plan.samples; ++i) {
        const std::uint64_t start = __rdtsc();
        bench::keep(work_off(search, {.first = 0, .count = count, .length = 7}, 1));
        const std::uint64_t took = __rdtsc() - start;
        if (i >= 0) {
            samples.push_back(static_cast<double>(took) / count);
        }
    }
    bench::report(samples, "cycles");
}
