// A client in the middle of a map, for client_death_test. Writes the pid of each process that is no
// business of the pool's, then "ready" when every worker is at work. Becomes `sleep` at SIGUSR1.
//
//     client [two-pools] [descendants] [forked-child] [threads] [forkserver] [spawn]

#include <csignal>
#include <iostream>
#include <set>
#include <string>
#include <thread>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"

namespace {

struct Board {
    support::Roll busy;
    support::Roll descendants;
};
Board* board = nullptr;
bool with_descendants = false;

void work(int) {
    if (with_descendants) {
        support::start_child(board->descendants);
        support::start_daemon(board->descendants);
    }
    board->busy.call(::getpid());
    support::wait_for_ever();
}

}  // namespace

int main(int count, char** values) {
    const std::set<std::string> arguments(values + 1, values + count);
    const auto given = [&](const char* word) { return arguments.count(word) != 0; };
    const support::Shared<Board> shared;
    board = shared.get();
    with_descendants = given("descendants");
    const bool started_anew = count > 1 && std::string(values[1]).starts_with("--");
    if (given("forkserver") || given("spawn") || started_anew) {
        procpool::init(count, values);
    }
    const auto start = given("forkserver") ? procpool::Start::forkserver
                       : given("spawn")    ? procpool::Start::spawn
                                           : procpool::Start::fork;
    ::signal(SIGUSR1, [](int) { ::execlp("sleep", "sleep", "60", nullptr); });

    if (given("threads")) {
        std::thread(support::wait_for_ever).detach();
    }
    constexpr std::size_t workers = 3;
    const std::vector<int> items = support::numbers(20);
    std::vector<procpool::Pool> pools;
    std::vector<procpool::AsyncResult<void>> results;
    for (int i = 0; i < (given("two-pools") ? 2 : 1); ++i) {
        pools.emplace_back(
            procpool::PoolOptions{.processes = static_cast<int>(workers), .start = start});
        if (given("spawn")) {  // the board is not theirs
            pools.back().for_each_worker([] {});
            results.push_back(pools.back().map_async([](int) { support::wait_for_ever(); }, items));
        } else {
            results.push_back(pools.back().map_async(work, items));
        }
    }
    if (given("forked-child")) {
        const pid_t child = ::fork();
        if (child == 0) {
            support::wait_for_ever();
        }
        std::cout << child << '\n';
    }
    const bool ready =
        given("spawn") || support::eventually([&] {
            return board->busy.size() == workers * pools.size() &&
                   (!with_descendants || board->descendants.size() == 2 * workers * pools.size());
        });
    std::cout << (ready ? "ready" : "not ready") << std::endl;

    results.front().get();
}
