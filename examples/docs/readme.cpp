// The README's first program; the lines are the README's.
// clang-format off
// [program]
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

double slow_square(double x, std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
    return x * x;
}

std::size_t fragile_parse(const std::string& text) {
    if (text.empty()) std::abort();             // takes its worker down, and nothing else
    return text.size();
}

std::optional<int> divisor_of_a_million_and_one(int candidate) {
    return 1'000'001 % candidate == 0 ? std::optional{candidate} : std::nullopt;
}

int main() {
    std::vector<double> data(100, 1.5);
    std::vector<std::string> words{"we", "map", "", "functions", "to", "data"};
    std::vector<int> candidates{7, 11, 101, 9901};

    mp::Pool pool{8};                                                   // or Pool{}: the CPUs this process may use

    // Results come in the order of the data. A function takes further arguments by bind_back.
    std::vector<double> out = pool.map(mp::bind_back(slow_square, 10ms), data);
    auto lengths = pool.map([k = std::size_t{3}](const std::string& s) { return k * s.size(); }, words);

    // map throws the error of the first item that failed; try_map says of each item what became of it.
    for (auto& o : pool.try_map(fragile_parse, words, {.timeout = 5s, .retries = 1}))
        if (o) std::cout << *o << '\n';
        else std::cout << o.error().message() << '\n';

    // A result written in place, without a copy.
    mp::shared_vector<double> squares(data.size());
    pool.map_into([](double x) { return x * x; }, data, squares);

    pool.for_each([](double x) { if (x < 0) throw std::domain_error("negative"); }, data);

    double one = pool.apply(slow_square, 3.0, 10ms);                    // one call
    auto later = pool.submit(slow_square, 4.0, 10ms);                   // one call, its answer when you want it
    std::cout << one + later.get() << '\n';

    // The rest is cancelled at the first success: of the lowest index, or of whichever comes first.
    std::optional<int> first = pool.find_first(divisor_of_a_million_and_one, candidates);
    std::optional<int> any = pool.find_any(divisor_of_a_million_and_one, candidates);
    std::cout << first.value() << ' ' << any.value() << '\n';

    // Any callable at all: these workers are forked at the call and inherit everything.
    auto scaled = mp::fork_map([&](double x) { return x * data.front(); }, data);
}
// [/program]
