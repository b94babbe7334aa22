// In [5] of the lecture: no sleep, and the plain map is the fastest. From where on is it not?

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
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

struct Sizes {
    int workers;
    std::size_t few;
    std::size_t many;
    int repeat;        ///< calls whose median counts
    double most_work;  ///< seconds per item at which the search for a gain is given up
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Sizes, workers, few, many, repeat, most_work)

/// In seconds.
struct Costs {
    double made_used_gone = 0;
    double call = 0;  ///< of `few` items that do nothing, back to back
    double item = 0;  ///< each further one
    std::optional<double> pays_from{};

    [[nodiscard]] json to_json() const {
        return {{"made_used_gone", made_used_gone},
                {"call", call},
                {"item", item},
                {"pays_from", pays_from ? json(*pays_from) : json()}};
    }
};

/// The plain map, with the face of a pool.
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
        for (int i = 0; i < 15; ++i) {
            alone.push_back(timed([&] { Plain(1).map(work, data); }));
            pooled.push_back(timed([&] { pool.map(work, data); }));
        }
        const double item = median(alone) / static_cast<double>(data.size());
        if (median(pooled) < median(alone)) {
            if (wins++ == 0) found = item;
        } else {
            wins = 0;
            found.reset();
        }
        if (item > most_work) break;
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

Report run(const Desk& desk) {
    Sizes sizes{.workers = mp::usable_cpus(),
                .few = 100,
                .many = 200'000,
                .repeat = desk.quick ? 101 : 2001,
                .most_work = 200e-6};

    desk.say("the plain map");
    const Costs plain = costs_of<Plain>({1, sizes.few, sizes.many, sizes.repeat, 0});
    desk.say("procpool");
    const Costs ours = costs_of<mp::Pool>(sizes);
    desk.say("threads");
    const Answer threads = ask_self("cost-threads", sizes);
    desk.say("Python");
    sizes.many = desk.quick ? 2'000 : 20'000;
    sizes.repeat = desk.quick ? 11 : 101;
    sizes.most_work = desk.quick ? 100e-6 : 1e-3;
    const Answer python = desk.python.ask("cost", sizes);

    const auto row = [&](std::string name, std::string label, const char* key) {
        Row made{.name = std::move(name), .label = std::move(label)};
        const json mine = ours.to_json();
        made.figures[Peer::procpool] = Answer{.reply = mine}.figure(key);
        made.figures[Peer::threads] = threads.figure(key);
        made.figures[Peer::python_pool] = python.figure(key);
        return made;
    };
    Row call = row("call", "a call, 100 empty items", "call");
    call.figures[Peer::plain].seconds = plain.call;
    call.figures[Peer::python_plain] = python.figure("plain_call");
    Row item = row("item", "each further item", "item");
    item.figures[Peer::plain].seconds = plain.item;
    item.figures[Peer::python_plain] = python.figure("plain_item");

    Report report;
    report.rows = {call, item, row("made_used_gone", "a Pool made, used, gone", "made_used_gone"),
                   row("pays_from", "pays from, work an item", "pays_from")};
    const auto& pays = report.rows.back().figures;
    const auto price = [&](Peer peer, std::string_view who) {
        const Figure& figure = pays.at(peer);
        if (figure.measured()) {
            report.notes.push_back(fmt::format("{} from {} of work an item on {} CPUs.", who,
                                               in_words(figure.seconds), sizes.workers));
        } else if (figure.fate == Fate::never) {
            report.notes.push_back(fmt::format(
                "{} at no amount of work that was tried, on {} CPU{}.", who, sizes.workers,
                sizes.workers == 1 ? ": there is nobody to share it with" : "s"));
        }
    };
    price(Peer::procpool, "100 items: processes pay");
    price(Peer::python_pool, "Python's processes pay");
    report.details["workers"] = sizes.workers;
    return report;
}

constexpr PeerProgram peers[] = {{"cost-threads", on_threads}};

}  // namespace

const Cell cost_cell{
    .name = "cost",
    .title = "No sleep: what a call costs",
    .teaches =
        "Distributing has a fixed and a variable cost: a function must run long enough to justify "
        "it.",
    .run = run,
    .peers = peers,
};

}  // namespace lecture
