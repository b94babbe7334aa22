// docs/reference: pool, options, async_result, outcome, initializer.
// clang-format off
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

int failures = 0;
void expect(bool right, const char* what) {
    if (right) return;
    std::cerr << "wrong: " << what << '\n';
    ++failures;
}

void the_calls() {
    // [pool]
    mp::Pool pool{4};
    const std::vector<int> data{1, 2, 3, 4};
    const auto square = [](int x) { return x * x; };

    std::vector<int> squares = pool.map(square, data);
    std::vector<int> sums = pool.starmap(std::plus<>{}, std::vector<std::pair<int, int>>{{1, 2}, {3, 4}});
    pool.for_each([](int x) { if (x > 4) throw std::out_of_range("too large"); }, data);

    int nine = pool.apply(square, 3);
    mp::AsyncResult<int> later = pool.submit({.timeout = 1s, .retries = 2}, square, 4);
    mp::AsyncResult<std::vector<int>> all = pool.map_async(square, data);

    const auto even = [](int x) { return x % 2 == 0 ? std::optional{x} : std::nullopt; };
    std::optional<int> first = pool.find_first(even, data);    // 2, as a loop would find it
    std::optional<int> any = pool.find_any(even, data);        // 2 or 4, whichever is found first

    pool.for_each_worker([] { std::srand(1); });
    // [/pool]
    expect(squares == std::vector{1, 4, 9, 16} && sums == std::vector{3, 7} && nine == 9, "values");
    expect(first == 2 && (any == 2 || any == 4), "found");

    // [async]
    if (!later.wait(10ms)) std::cout << "not yet\n";
    int sixteen = later.get();    // waits; throws what the task threw

    std::vector<int> in_time;
    while (in_time.empty()) try {
        in_time = all.get(100ms);
    } catch (const mp::TimeoutError&) {
        std::cout << "still waiting\n";    // the tasks run on; get() may be called again
    }
    // [/async]
    expect(sixteen == 16, "submit");

    // [drain]
    pool.close();    // no more work is taken
    pool.join();     // all of it is done, and the workers are gone
    // [/drain]
}

// [model]
std::string language;    // every worker has its own

void set_language(const std::string& name) { language = name; }
std::string greet(const std::string& name) { return (language == "de" ? "Hallo " : "Hello ") + name; }
// [/model]

void the_options() {
    const std::vector<std::string> names{"Ada"};
    // [pool_options]
    mp::Pool pool{{.processes = 2,
                   .initializer = mp::bind_back(set_language, std::string{"de"}),    // runs once in each worker
                   .max_tasks_per_child = 10'000,                                    // fresh workers against leaks
                   .memory_limit = 512 << 20}};                                      // bytes a worker may grow by
    auto greetings = pool.map(greet, names);    // {"Hallo Ada"}
    // [/pool_options]
    expect(greetings.front() == "Hallo Ada", "initializer");

    // [map_options]
    auto lengths = pool.map([](const std::string& name) { return name.size(); }, names,
                            {.chunksize = 1,           // items a worker takes at once; 0: as it turns out best
                             .timeout = 5s,            // per item; its worker is killed then
                             .retries = 1,             // once more, if the worker died or timed out
                             .fail_fast = true,        // the first error cancels what has not started
                             .progress = "greeting"}); // a bar on stderr
    // [/map_options]
    expect(lengths.front() == 3, "options");
}

void the_outcomes() {
    mp::Pool pool{2};
    const std::vector<std::string> texts{"7", "seven", "8"};
    const auto parse = [](const std::string& text) { return std::stoi(text); };
    // [outcome]
    int sum = 0;
    for (const mp::Outcome<int>& outcome : pool.try_map(parse, texts)) {
        sum += outcome.value_or(0);
        if (!outcome) std::cerr << outcome.error().message() << '\n';    // "item 1: worker 4711 threw ..."
    }
    auto slowest = pool.try_apply(parse, "9");
    std::cout << "item " << slowest.index() << ": " << slowest.duration() / 1us << " us, try " << slowest.attempts() << '\n';
    // [/outcome]
    expect(sum == 15, "outcomes");
}

}  // namespace

int main() {
    the_calls();
    the_options();
    the_outcomes();
    return failures;
}
