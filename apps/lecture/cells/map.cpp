// In [1], [2] and [4] of the lecture: map, Pool.map, and a bound argument.

#include <algorithm>
#include <random>
#include <vector>

#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "stopwatch.hpp"
#include "tasks.hpp"
#include "threads.hpp"

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

bool are_squares(const std::vector<double>& results, const std::vector<double>& data) {
    return std::ranges::equal(results, data, {}, {}, [](double x) { return x * x; });
}

json on_threads(const json& request) {
    const auto data = uniform_data();
    const Seconds sleep(request.at("sleep").get<double>());
    return {{"seconds", median_of(request.at("repeat"), [&] {
                 Threads(workers).map([&](double x) { return subtract(x, sleep); }, data);
             })}};
}

Report run(const Desk& desk) {
    const auto data = uniform_data();
    const Seconds short_sleep = 10ms;
    const Seconds long_sleep = desk.quick ? 20ms : 100ms;
    const int repeat = desk.quick ? 1 : 3;
    Report report;

    const auto on_the_peers = [&](Row& row, Seconds sleep, int times) {
        desk.say(row.label + ", threads");
        row.figures[Peer::threads] =
            ask_self("map-threads", {{"sleep", sleep.count()}, {"repeat", times}}).figure();
    };
    const auto on_python = [&](Row& row, Seconds sleep, int times, int chunksize) {
        desk.say(row.label + ", Python");
        row.figures[Peer::python_pool] = desk.python
                                             .ask("pool_map", {{"items", items},
                                                               {"workers", workers},
                                                               {"sleep", sleep.count()},
                                                               {"chunksize", chunksize},
                                                               {"repeat", times}})
                                             .figure();
    };

    Row plain{.name = "plain", .label = "map, 10 ms each"};
    desk.say(plain.label);
    std::vector<double> out;
    plain.figures[Peer::plain].seconds = timed([&] {
        std::ranges::transform(data, std::back_inserter(out), [](double x) { return subtract(x); });
    });
    report.holds = are_squares(out, data);
    desk.say(plain.label + ", Python");
    plain.figures[Peer::python_plain] =
        desk.python.ask("plain_map", {{"items", items}, {"sleep", short_sleep.count()}}).figure();
    const double short_nap = median_of(20, [&] { subtract(1); });
    plain.figures[Peer::ideal].seconds = items * short_nap;

    Row pool{.name = "pool", .label = fmt::format("Pool({}).map", workers)};
    desk.say(pool.label);
    pool.figures[Peer::procpool].seconds = median_of(repeat, [&] {
        mp::Pool made_used_gone{workers};
        out = made_used_gone.map([](double x) { return subtract(x); }, data);
    });
    report.holds &= are_squares(out, data);
    on_the_peers(pool, short_sleep, repeat);
    on_python(pool, short_sleep, repeat, 0);
    pool.figures[Peer::ideal].seconds = rounds * short_nap;

    const auto bound_map = [&](mp::MapOptions options) {
        return timed([&] {
            mp::Pool made_used_gone{workers};
            out = made_used_gone.map(mp::bind_back(subtract, long_sleep), data, options);
        });
    };
    Row bound{.name = "bound",
              .label = fmt::format("bound argument, {:.0f} ms", long_sleep.count() * 1e3)};
    desk.say(bound.label);
    bound.figures[Peer::procpool].seconds = bound_map({});
    report.holds &= are_squares(out, data);
    on_the_peers(bound, long_sleep, 1);
    on_python(bound, long_sleep, 1, 0);
    const double long_nap = median_of(5, [&] { subtract(1, long_sleep); });
    bound.figures[Peer::ideal].seconds = rounds * long_nap;

    Row in_chunks{.name = "bound_in_chunks",
                  .label = fmt::format("  in chunks of {}", python_chunk)};
    desk.say("bound argument," + in_chunks.label);
    in_chunks.figures[Peer::procpool].seconds = bound_map({.chunksize = python_chunk});
    in_chunks.figures[Peer::ideal].seconds = python_rounds * long_nap;

    Row one_by_one{.name = "bound_one_by_one", .label = "  one by one"};
    on_python(one_by_one, long_sleep, 1, 1);
    one_by_one.figures[Peer::ideal] = bound.figures[Peer::ideal];

    report.notes.push_back(fmt::format(
        "Ideal: rounds times the sleep as measured ({} for 10 ms, {} for {:.0f} ms); {} items on "
        "{} "
        "workers are {} rounds.",
        in_words(short_nap), in_words(long_nap), long_sleep.count() * 1e3, items, workers, rounds));
    std::string why = fmt::format(
        "Why the lecture waited 1.68 s and not 1.3: Python cuts {} items into {} chunks of {}; on "
        "{} "
        "workers those are {} sleeps one after the other instead of {}, and most workers idle "
        "through "
        "the last. procpool dispenses slow items one by one; told to take chunks of {} it needs {} "
        "too",
        items, python_chunks, python_chunk, workers, python_rounds, rounds, python_chunk,
        in_words(in_chunks.figures[Peer::procpool].seconds));
    if (const auto& python = one_by_one.figures[Peer::python_pool]; python.measured()) {
        why += fmt::format(", and Python told to take chunks of 1 {}", in_words(python.seconds));
    }
    report.notes.push_back(why + ".");
    report.rows = {plain, pool, bound, in_chunks, one_by_one};
    report.details["sleep_as_measured"] = {{"short", short_nap}, {"long", long_nap}};
    return report;
}

constexpr PeerProgram peers[] = {{"map-threads", on_threads}};

}  // namespace

const Cell map_cell{
    .name = "map",
    .title = "We map functions to data, but in parallel",
    .teaches = "100 waits, one after the other or 8 side by side: 100 rounds or 13.",
    .run = run,
    .peers = peers,
};

}  // namespace lecture
