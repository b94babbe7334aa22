// "threading helps with network issues, multiprocessing with compute issues": in Python. And in
// C++?

#include <algorithm>
#include <csignal>
#include <numeric>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include <procpool/procpool.hpp>

#include "cell.hpp"
#include "server.hpp"
#include "tasks.hpp"
#include "threads.hpp"
#include "timing.hpp"
#include "tool/text.hpp"

namespace lecture {

namespace {

namespace mp = procpool;
using namespace std::chrono_literals;

std::vector<double> numbers(int count) {
    std::vector<double> data(static_cast<std::size_t>(count));
    std::iota(data.begin(), data.end(), 0.0);
    return data;
}

/// How long the work takes on workers that have started already. All four kinds are measured so.
template <class Pool, class F>
double on(int workers, F work, const std::vector<double>& data) {
    Pool pool(workers);
    pool.map([](double x) { return x; }, numbers(workers));
    return timed([&] { pool.map(work, data); });
}

json server(const json& request) {
    serve(STDIN_FILENO, std::chrono::milliseconds(request.at("delay_ms").get<int>()));
    return json::object();
}

json waiting_on_threads(const json& request) {
    const auto port = request.at("port").get<std::uint16_t>();
    const auto work = [port](double x) { return ask(x, port); };
    return {{"seconds", on<Threads>(request.at("workers"), work, numbers(request.at("items")))}};
}

json computing_on_threads(const json& request) {
    const auto rounds = request.at("rounds").get<std::uint32_t>();
    const auto work = [rounds](double x) { return churn(x, rounds); };
    return {{"seconds", on<Threads>(request.at("workers"), work, numbers(request.at("items")))}};
}

void take(Row& row, const Answer& threads, const Answer& python) {
    row.figures[Peer::threads] = threads.figure();
    row.figures[Peer::python_plain] = python.figure("plain");
    row.figures[Peer::python_threads] = python.figure("threads");
    row.figures[Peer::python_pool] = python.figure("processes");
}

double ideal(double plain, int items, int workers) {
    const int rounds = (items + workers - 1) / workers;
    return plain / items * rounds;
}

Row waiting(const Desk& desk) {
    const int items = desk.quick ? 16 : 64;
    const int workers = 8;
    Listener listener = listen_on_loopback();
    const Child running =
        start_self("server", {{"delay_ms", desk.quick ? 10 : 20}}, {}, std::move(listener.socket));
    const std::uint16_t port = listener.port;
    const json request{{"items", items}, {"workers", workers}, {"port", port}};

    Row row{.name = "waiting", .label = fmt::format("{} requests, {} workers", items, workers)};
    desk.say(row.label + ", plain");
    const double plain = timed([&] {
        for (const double x : numbers(items)) {
            ask(x, port);
        }
    });
    row.figures[Peer::plain].seconds = plain;
    desk.say(row.label + ", procpool");
    row.figures[Peer::procpool].seconds =
        on<mp::Pool>(workers, mp::bind_back(ask, port), numbers(items));
    desk.say(row.label + ", threads");
    const Answer threads = ask_self("waiting-threads", request);
    desk.say(row.label + ", Python");
    take(row, threads, desk.python.ask("waiting", request));
    row.figures[Peer::ideal].seconds = ideal(plain, items, workers);
    return row;
}

Row computing(const Desk& desk) {
    const int items = desk.quick ? 8 : 32;
    const int workers = mp::usable_cpus();
    const double work = desk.quick ? 5e-3 : 20e-3;  // seconds an item, in C++ as in Python
    const std::uint32_t rounds = rounds_for(work);

    Row row{.name = "computing",
            .label = fmt::format("{} computations, {}", items, tool::counted(workers, "CPU"))};
    desk.say(row.label + ", plain");
    const double plain = timed([&] {
        std::vector<double> results;
        for (const double x : numbers(items)) {
            results.push_back(churn(x, rounds));
        }
    });
    row.figures[Peer::plain].seconds = plain;
    desk.say(row.label + ", procpool");
    row.figures[Peer::procpool].seconds =
        on<mp::Pool>(workers, mp::bind_back(churn, rounds), numbers(items));
    desk.say(row.label + ", threads");
    const Answer threads =
        ask_self("computing-threads", {{"items", items}, {"workers", workers}, {"rounds", rounds}});
    desk.say(row.label + ", Python");
    take(row, threads,
         desk.python.ask("computing", {{"items", items}, {"workers", workers}, {"work", work}}));
    row.figures[Peer::ideal].seconds = ideal(plain, items, workers);
    return row;
}

/// "Python threads 0.98x, Python processes 1.90x, ..."
std::string gains(const Row& row) {
    struct Kind {
        Peer peer, alone;
        std::string_view name;
    };
    std::string text;
    for (const Kind kind : {Kind{Peer::python_threads, Peer::python_plain, "Python threads"},
                            Kind{Peer::python_pool, Peer::python_plain, "Python processes"},
                            Kind{Peer::threads, Peer::plain, "C++ threads"},
                            Kind{Peer::procpool, Peer::plain, "procpool"}}) {
        const double gain = row.ratio(kind.alone, kind.peer);
        if (gain > 0) {
            text += fmt::format("{}{} {:.2f}x", text.empty() ? "" : ", ", kind.name, gain);
        }
    }
    return text;
}

Report run(const Desk& desk) {
    Report report;
    report.rows = {waiting(desk), computing(desk)};
    report.notes = {fmt::format("Faster than the plain loop of the same language, waiting: {}.",
                                gains(report.rows[0])),
                    fmt::format("Computing: {}.", gains(report.rows[1]))};
    return report;
}

constexpr PeerProgram peers[] = {
    {"server", server},
    {"waiting-threads", waiting_on_threads},
    {"computing-threads", computing_on_threads},
};

}  // namespace

const Cell waiting_cell{
    .name = "waiting",
    .title = "Waiting or computing?",
    .teaches =
        "Threads wait well in any language. To compute, Python needs processes, because of its "
        "interpreter lock; C++ has none.",
    .run = run,
    .peers = peers,
};

}  // namespace lecture
