// docs/guide.md: what a program of one's own needs next.
// clang-format off
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;

// [dictionary]
using Dictionary = std::map<std::string, int>;

int meaning(const std::string& word) {
    auto& dictionary = mp::this_worker::local<Dictionary>();    // one in each worker, made at first use
    if (dictionary.empty()) dictionary = {{"we", 1}, {"map", 2}, {"data", 3}};
    return dictionary.contains(word) ? dictionary[word] : 0;
}
// [/dictionary]

// [random]
double pi_by_chance(int throws) {
    std::mt19937_64 random{mp::this_task::seed()};    // another stream for each item, the same in each run
    std::uniform_real_distribution<double> side(0, 1);
    int inside = 0;
    for (int i = 0; i < throws; ++i) {
        const double x = side(random), y = side(random);
        if (x * x + y * y < 1) ++inside;
    }
    return 4.0 * inside / throws;
}
// [/random]

// [main]
int main(int argc, char** argv) {
    mp::init(argc, argv);    // workers come from here: a process without threads
    // [/main]

    std::thread somebody([] {});

    // [shared]
    mp::shared_vector<float> image(1920 * 1080, 0.5F), brighter;
    mp::Pool pool;
    pool.map_into([](float pixel) { return std::min(1.0F, pixel * 1.5F); }, image, brighter);
    // [/shared]

    // [reduce]
    const float brightest = pool.transform_reduce(brighter, 0.0F, [](float a, float b) { return std::max(a, b); }, std::identity{});
    // [/reduce]

    // [capture]
    const std::string prefix = "/data/";
    const std::vector<std::string> names{"a", "b"};
    auto paths = pool.map(mp::bind_front(std::plus<>{}, prefix), names);    // shipped: a function and a value
    auto again = mp::fork_map([&](const std::string& name) { return prefix + name; }, names);    // inherited
    // [/capture]

    const auto meanings = pool.map(meaning, std::vector<std::string>{"we", "map", "data"});
    const auto pis = pool.map(pi_by_chance, std::vector<int>(4, 10'000));

    // [debug]
    mp::Pool here{{.start = mp::Start::in_caller}};    // no process: a breakpoint in `meaning` is hit
    here.map(meaning, names);
    // [/debug]

    somebody.join();
    const bool right = paths == again && meanings == std::vector<int>{1, 2, 3} && pis[0] != pis[1] &&
                       brighter[0] == 0.75F && brightest == 0.75F;
    std::cout << (right ? "ok" : "wrong") << '\n';
    return right ? 0 : 1;
}
