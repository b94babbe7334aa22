// docs/reference: fwd, bind, errors, fork_map, shared, this_task, init, start, cpu, journal.
// clang-format off
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

// [fwd]
#include <procpool/fwd.hpp>    // instead of <procpool/pool.hpp>

class Squares {
public:
    explicit Squares(procpool::Pool& pool) : pool_(pool) {}
    [[nodiscard]] std::vector<int> of(const std::vector<int>& numbers) const;

private:
    procpool::Pool& pool_;
};
// [/fwd]

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

void bind() {
    mp::Pool pool{2};
    // [bind]
    const auto power = [](double x, int n) { double y = 1; while (n-- > 0) y *= x; return y; };
    const std::vector<double> data{1, 2, 3};

    auto cubes = pool.map(mp::bind_back(power, 3), data);                             // power(x, 3): {1, 8, 27}
    auto powers_of_two = pool.map(mp::bind_front(power, 2.0), std::vector{1, 2, 3});  // power(2.0, n): {2, 4, 8}
    // [/bind]
    expect(cubes == std::vector<double>{1, 8, 27}, "bind_back");
    expect(powers_of_two == std::vector<double>{2, 4, 8}, "bind_front");

    // [trust]
    static const std::vector<double> table{0.5, 0.25};    // its workers are forked from what is here now
    mp::Pool late{{.processes = 2, .start = mp::Start::fork}};
    auto halves = late.map(mp::trust([p = table.data()](int i) { return p[i]; }), std::vector{0, 1});
    // [/trust]
    expect(halves == std::vector{0.5, 0.25}, "trust");
}

void errors() {
    mp::Pool pool{2};
    const std::vector<int> data{1, 0, 2};
    // [errors]
    const auto inverse = [](int x) {
        if (x == 0) throw std::domain_error("no inverse of 0");
        return 1.0 / x;
    };
    try {
        pool.map(inverse, data);
    } catch (const std::domain_error& e) {         // as if inverse had been called here
        const auto* failure = dynamic_cast<const mp::TaskFailure*>(&e);
        std::cerr << failure->message() << '\n';   // which item, which worker
    }

    try {
        pool.map([](int x) { if (x == 0) std::raise(SIGSEGV); }, data);
    } catch (const mp::WorkerDied& e) {
        std::cerr << "item " << e.index() << " killed its worker: signal " << e.signal() << '\n';
    } catch (const mp::TaskFailure& e) {
        std::cerr << e.message() << '\n';          // anything else that befell an item
    }
    // [/errors]

    // [refused]
    double factor = 3;
    try {
        pool.map([&factor](int x) { return factor * x; }, data);
    } catch (const mp::NotShippable& e) {
        std::cerr << e.what() << '\n';             // names the cures: capture by value, bind_back, fork_map
    }
    // [/refused]
    expect(pool.map([factor](int x) { return factor * x; }, data).back() == 6, "captured by value");
}

void fork_map() {
    // [fork_map]
    const std::vector<std::string> words{"we", "map", "functions"};
    const std::string suffix = "!";
    auto loud = mp::fork_map([&](const std::string& word) { return word + suffix; }, words, {.processes = 2});
    // [/fork_map]
    expect(loud.front() == "we!", "fork_map");
}

void shared() {
    mp::Pool pool{2};
    // [shared]
    mp::shared_vector<float> celsius(1'000'000, 20.0F), fahrenheit;
    pool.map_into([](float c) { return c * 1.8F + 32; }, celsius, fahrenheit);
    // [/shared]
    expect(fahrenheit.size() == 1'000'000 && fahrenheit.back() == 68.0F, "map_into");
}

void this_task() {
    mp::Pool pool{2};
    // [this_task]
    const auto roll = [](int sides) {
        std::mt19937_64 random{mp::this_task::seed(2026)};    // by item, not by worker: runs can be repeated
        return std::uniform_int_distribution{1, sides}(random);
    };
    auto dice = pool.map(roll, std::vector<int>(100, 6));
    auto workers = pool.map([](int) { return mp::this_worker::id(); }, dice);    // 0 and 1
    // [/this_task]
    expect(dice == pool.map(roll, std::vector<int>(100, 6)), "seeds repeat");
    for (const int worker : workers) expect(worker == 0 || worker == 1, "this_worker::id");
}

void start() {
    const std::vector<int> data{1, 2};
    // [start]
    mp::Pool clean{{.processes = 2, .start = mp::Start::forkserver}};    // from the process that init() started
    mp::Pool here{{.start = mp::Start::in_caller}};                      // no process: for a debugger
    // [/start]
    const auto twice = [](int x) { return 2 * x; };
    expect(clean.map(twice, data) == here.map(twice, data), "start methods agree");
}

void cpu() {
    // [cpu]
    std::cout << mp::usable_cpus() << " of " << mp::logical_cpus() << " CPUs, " << mp::physical_cores() << " cores\n";
    // [/cpu]
}

void journal() {
    mp::Pool{1}.for_each([](int) {}, {1, 2, 3}, {.journal = {"reference.journal"}});
    // [journal]
    const mp::JournalContents run = mp::read_journal("reference.journal");
    std::cout << run.items.size() << " of " << run.count.value_or(0) << " items, of type " << run.type << '\n';
    for (const mp::JournalItem& item : run.items)
        if (item.state == mp::JournalItem::State::quarantined) std::cout << item.message << '\n';
    // [/journal]
    std::remove("reference.journal");
}

}  // namespace

// [init]
int main(int argc, char** argv) {
    mp::init(argc, argv);    // first thing, before any thread exists
    // [/init]
    bind();
    errors();
    fork_map();
    shared();
    this_task();
    start();
    cpu();
    journal();
    return failures;
}
