// In [1], [2] and [4] of the lecture: map, Pool.map, and a bound argument.

#include <algorithm>
#include <random>
#include <vector>

#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "tasks.hpp"
#include "threads.hpp"
#include "timing.hpp"

namespace lecture {

namespace {

namespace mp = procpool;
using namespace std::chrono_literals;

constexpr int workers = 8;
constexpr int items = 100;
constexpr int rounds = (items + workers - 1) / workers;
constexpr int python_chunk = (items + 4 * workers - 1) / (4 * workers);  // Pool.map's rule
constexpr int python_chunks = (items + python_chunk - 1) / python_chunk;
constexpr int python_rounds = (python_chunks + workers - 1) / workers * python_chunk;

std::vector<double> uniform_data() {
    std::mt19937 random(2018);
    std::uniform_real_distribution<double> uniform(0, 100);
    std::vector<double> data(items);
    std::ranges::generate(data, [&] { return uniform(random); });
    return data;
}

json on_threads(const json& request) {
    const auto data = uniform_data();
    const Seconds sleep(request.at("sleep").get<double>());
    return {{"seconds", median_of(request.at("repeat"), [&] {
                 Threads(workers).map([&](double x) { return subtract(x, sleep); }, data);
             })}};
}

/// The same data, mapped in several ways. Every result is checked.
class Maps {
public:
    Maps(const Desk& desk, Seconds sleep, int repeat)
        : desk_(desk),
          sleep_(sleep),
          repeat_(repeat),
          measured_(median_of(repeat_ > 1 ? 20 : 5, [&] { subtract(1, sleep); })) {}

    [[nodiscard]] std::string sleep() const {
        return fmt::format("{:.0f} ms", sleep_.count() * 1e3);
    }
    [[nodiscard]] double sleep_as_measured() const { return measured_; }
    [[nodiscard]] bool right() const { return right_; }

    [[nodiscard]] Figure plain() {
        return measure("plain", 1, [&](std::vector<double>& out) {
            for (const double x : data_) {
                out.push_back(subtract(x, sleep_));
            }
        });
    }

    /// In [2]: a pool is made, used and dropped.
    [[nodiscard]] Figure pool() {
        return measure("procpool", repeat_, [&](std::vector<double>& out) {
            mp::Pool pool{workers};
            out = pool.map([sleep = sleep_](double x) { return subtract(x, sleep); }, data_);
        });
    }

    /// In [4]: Python's partial(subtract, sleep=0.1).
    [[nodiscard]] Figure bound(const mp::MapOptions& options = {}) {
        return measure("procpool, bound", repeat_, [&](std::vector<double>& out) {
            mp::Pool pool{workers};
            out = pool.map(mp::bind_back(subtract, sleep_), data_, options);
        });
    }

    [[nodiscard]] Figure threads() const {
        desk_.say(sleep() + ", threads");
        return ask_self("map-threads", {{"sleep", sleep_.count()}, {"repeat", repeat_}}).figure();
    }

    [[nodiscard]] Figure python_plain() const {
        desk_.say(sleep() + ", Python, plain");
        return desk_.python.ask("plain_map", {{"items", items}, {"sleep", sleep_.count()}})
            .figure();
    }

    [[nodiscard]] Figure python_pool(int chunksize = 0) const {
        desk_.say(sleep() + ", Python");
        const json request{{"items", items},
                           {"workers", workers},
                           {"sleep", sleep_.count()},
                           {"chunksize", chunksize},
                           {"repeat", repeat_}};
        return desk_.python.ask("pool_map", request).figure();
    }

    [[nodiscard]] Figure ideal(int sleeps) const { return {.seconds = sleeps * measured_}; }

private:
    template <class F>
    Figure measure(std::string_view what, int times, F map) {
        desk_.say(fmt::format("{}, {}", sleep(), what));
        Figure figure;
        figure.seconds = median_of(times, [&] {
            out_.clear();
            map(out_);
        });
        right_ = right_ && std::ranges::equal(out_, data_, {}, {}, [](double x) { return x * x; });
        return figure;
    }

    const Desk& desk_;
    Seconds sleep_;
    int repeat_;
    double measured_;
    std::vector<double> data_ = uniform_data();
    std::vector<double> out_;
    bool right_ = true;
};

/// Why the lecture waited 1.68 s for its In [4].
std::string why_not_ideal(const Figure& in_chunks, const Figure& python_one_by_one) {
    std::string why = fmt::format(
        "Why the lecture waited 1.68 s and not 1.3: Python cuts {} items into {} chunks of {}; on "
        "{} workers those are {} sleeps one after the other instead of {}, and most workers idle "
        "through the last ones. procpool dispenses slow items one by one; told to take chunks of "
        "{} it shares out what a worker has not started, and needs {}",
        items, python_chunks, python_chunk, workers, python_rounds, rounds, python_chunk,
        in_words(in_chunks.seconds));
    if (python_one_by_one.measured()) {
        why += fmt::format("; Python told to take chunks of 1 needs {}",
                           in_words(python_one_by_one.seconds));
    }
    return why + '.';
}

Report run(const Desk& desk) {
    Maps brief(desk, desk.quick ? 2ms : 10ms, desk.quick ? 2 : 3);
    Maps slow(desk, desk.quick ? 10ms : 100ms, 1);
    const Figure in_chunks = slow.bound({.chunksize = python_chunk});
    const Figure python_one_by_one = slow.python_pool(1);

    Report report;
    report.rows = {
        {.name = "plain",
         .label = "map, " + brief.sleep() + " each",
         .figures = {{Peer::plain, brief.plain()},
                     {Peer::python_plain, brief.python_plain()},
                     {Peer::ideal, brief.ideal(items)}}},
        {.name = "pool",
         .label = fmt::format("Pool({}).map", workers),
         .figures = {{Peer::threads, brief.threads()},
                     {Peer::procpool, brief.pool()},
                     {Peer::python_pool, brief.python_pool()},
                     {Peer::ideal, brief.ideal(rounds)}}},
        {.name = "bound",
         .label = "bound argument, " + slow.sleep(),
         .figures = {{Peer::threads, slow.threads()},
                     {Peer::procpool, slow.bound()},
                     {Peer::python_pool, slow.python_pool()},
                     {Peer::ideal, slow.ideal(rounds)}}},
        {.name = "bound_in_chunks",
         .label = fmt::format("  in chunks of {}", python_chunk),
         .figures = {{Peer::procpool, in_chunks}, {Peer::ideal, slow.ideal(rounds)}}},
        {.name = "bound_one_by_one",
         .label = "  in chunks of 1",
         .figures = {{Peer::python_pool, python_one_by_one}, {Peer::ideal, slow.ideal(rounds)}}},
    };
    report.notes = {
        fmt::format("Ideal: rounds times the sleep as measured ({} for {}, {} for {}); {} items on "
                    "{} workers are {} rounds.",
                    in_words(brief.sleep_as_measured()), brief.sleep(),
                    in_words(slow.sleep_as_measured()), slow.sleep(), items, workers, rounds),
        why_not_ideal(in_chunks, python_one_by_one),
    };
    report.details["sleep_as_measured"] = {{"brief", brief.sleep_as_measured()},
                                           {"slow", slow.sleep_as_measured()}};
    report.holds = brief.right() && slow.right();
    return report;
}

constexpr PeerProgram peers[] = {{"map-threads", on_threads}};

}  // namespace

const Cell map_cell{
    .name = "map",
    .title = "We map functions to data, but in parallel",
    .teaches = "Waits add up in one process; on 8 workers they happen side by side.",
    .run = run,
    .peers = peers,
};

}  // namespace lecture
