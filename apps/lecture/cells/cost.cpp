// In [5] of the lecture: without the sleep, the plain map is the fastest. From how much work on is
// it not?

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "tasks.hpp"
#include "threads.hpp"
#include "timing.hpp"
#include "tool/text.hpp"

namespace lecture {

namespace {

namespace mp = procpool;

struct Sizes {
    int workers;
    std::size_t few;
    std::size_t many;
    int repeat;        ///< calls whose median counts
    double most_work;  ///< seconds per item beyond which no more work is tried
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Sizes, workers, few, many, repeat, most_work)

/// In seconds.
struct Costs {
    double made_used_gone = 0;
    double call = 0;  ///< with `few` items that do nothing, one call after the other
    double item = 0;  ///< for each further item
    std::optional<double> pays_from{};

    [[nodiscard]] json to_json() const {
        return {{"made_used_gone", made_used_gone},
                {"call", call},
                {"item", item},
                {"pays_from", pays_from ? json(*pays_from) : json()}};
    }
};

/// The plain map, to be called like a pool.
struct Plain {
    explicit Plain(int) {}

    template <class F, class T>
    auto map(F f, const std::vector<T>& items) {
        std::vector<std::invoke_result_t<F&, const T&>> results;
        results.reserve(items.size());
        std::ranges::transform(items, std::back_inserter(results), f);
        return results;
    }
};

double square(double x) { return x * x; }

/// The least work per item, in seconds, from which `pool` is ahead of the plain map; nothing if it
/// never is. The work grows by half until the pool has won three times in a row: the first of the
/// three counts.
template <class Pool>
std::optional<double> pays_from(Pool& pool, const std::vector<double>& data, double most_work) {
    std::optional<double> found;
    int wins = 0;
    for (double rounds = 1; wins < 3; rounds = std::max(rounds + 1, rounds * 1.5)) {
        const auto work = mp::bind_back(churn, static_cast<std::uint32_t>(rounds));
        std::vector<double> alone;
        std::vector<double> pooled;
        for (int i = 0; i < 11; ++i) {
            alone.push_back(timed([&] { Plain(1).map(work, data); }));
            pooled.push_back(timed([&] { pool.map(work, data); }));
        }
        const double item = median(alone) / static_cast<double>(data.size());
        if (median(pooled) < median(alone)) {
            if (wins++ == 0) {
                found = item;
            }
        } else {
            wins = 0;
            found.reset();
        }
        if (item > most_work) {
            break;
        }
    }
    return found;
}

template <class Pool>
Costs costs_of(const Sizes& sizes) {
    const std::vector<double> few(sizes.few, 1.5);
    const std::vector<double> many(sizes.many, 1.5);
    Costs costs;
    costs.made_used_gone = median_of(9, [&] { Pool(sizes.workers).map(square, few); });

    Pool pool(sizes.workers);
    pool.map(square, few);
    costs.call = median_of(sizes.repeat, [&] { pool.map(square, few); });
    const double all = median_of(9, [&] { pool.map(square, many); });
    costs.item = std::max(0.0, (all - costs.call) / static_cast<double>(sizes.many - sizes.few));
    costs.pays_from = pays_from(pool, few, sizes.most_work);
    return costs;
}

json on_threads(const json& request) { return costs_of<Threads>(request.get<Sizes>()).to_json(); }

/// "Processes pay from 1.2 us of work an item, on 2 usable CPUs."
std::string price(std::string_view who, const Figure& pays, int cpus) {
    const auto machine = tool::counted(cpus, "usable CPU");
    if (pays.measured()) {
        return fmt::format("{} from {} of work an item, on {}.", who, in_words(pays.seconds),
                           machine);
    }
    return fmt::format("{} at no amount of work that was tried, on {}.", who, machine);
}

Report run(const Desk& desk) {
    const Sizes sizes{.workers = mp::usable_cpus(),
                      .few = 100,
                      .many = 200'000,
                      .repeat = desk.quick ? 101 : 2001,
                      .most_work = desk.quick ? 50e-6 : 500e-6};
    const Sizes for_python{.workers = sizes.workers,
                           .few = sizes.few,
                           .many = desk.quick ? 20'000U : sizes.many,
                           .repeat = desk.quick ? 11 : 301,
                           .most_work = desk.quick ? 100e-6 : 1e-3};

    desk.say("the plain map");
    const Costs plain = costs_of<Plain>({1, sizes.few, sizes.many, sizes.repeat, 0});
    desk.say("procpool");
    const Answer ours{.reply = costs_of<mp::Pool>(sizes).to_json()};
    desk.say("threads");
    const Answer threads = ask_self("cost-threads", sizes);
    desk.say("Python");
    const Answer python = desk.python.ask("cost", for_python);

    const auto row = [&](const std::string& name, std::string label) {
        return Row{.name = name,
                   .label = std::move(label),
                   .figures = {{Peer::threads, threads.figure(name)},
                               {Peer::procpool, ours.figure(name)},
                               {Peer::python_pool, python.figure(name)}}};
    };
    Report report;
    report.rows = {row("call", fmt::format("a call, {} empty items", sizes.few)),
                   row("item", "each further item"),
                   row("made_used_gone", "a Pool made, used, gone"),
                   row("pays_from", "pays from, work an item")};
    report.rows[0].figures[Peer::plain].seconds = plain.call;
    report.rows[0].figures[Peer::python_plain] = python.figure("plain_call");
    report.rows[1].figures[Peer::plain].seconds = plain.item;
    report.rows[1].figures[Peer::python_plain] = python.figure("plain_item");

    report.notes = {price(fmt::format("A call of {} items: processes pay", sizes.few),
                          ours.figure("pays_from"), sizes.workers)};
    if (python.fate == Fate::done) {
        report.notes.push_back(
            price("Python's processes pay", python.figure("pays_from"), sizes.workers));
    }
    report.details["workers"] = sizes.workers;
    return report;
}

constexpr PeerProgram peers[] = {{"cost-threads", on_threads}};

}  // namespace

const Cell cost_cell{
    .name = "cost",
    .title = "No sleep: what a call costs",
    .teaches = "Distribution costs something per call and per item; work must be worth it.",
    .run = run,
    .peers = peers,
};

}  // namespace lecture
