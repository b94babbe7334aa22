// A client for stop_test: a map of two items of a quarter of a second each, under a timeout of one
// second. Writes the pids of its workers, one a line, and "ready"; in the end "results <n>".
//
//     stop [threads] [ignores | handles]

#include <csignal>
#include <iostream>
#include <set>
#include <string>
#include <thread>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/shared.hpp"

namespace {

std::atomic<int>* started = nullptr;

int work(int item) {
    ++*started;
    for (int step = 0; step < 125; ++step) {
        ::usleep(2'000);
    }
    return item;
}

}  // namespace

int main(int count, char** values) {
    using namespace std::chrono_literals;
    const std::set<std::string> arguments(values + 1, values + count);
    if (arguments.count("ignores") != 0) {
        ::signal(SIGTSTP, SIG_IGN);
    }
    // As an editor does: first the terminal is put in order, then the program stops itself.
    if (arguments.count("handles") != 0) {
        ::signal(SIGTSTP, [](int) { ::raise(SIGSTOP); });
    }
    if (arguments.count("threads") != 0) {
        std::thread(support::wait_for_ever).detach();
    }

    const support::Shared<std::atomic<int>> shared;
    started = shared.get();
    procpool::Pool pool{2};
    for (const pid_t pid : pool.worker_pids()) {
        std::cout << pid << '\n';
    }
    const std::vector<int> items{1, 2};
    std::jthread tell([] {
        if (support::eventually([] { return *started == 2; })) {
            std::cout << "ready" << std::endl;
        }
    });
    int results = 0;
    for (const auto& outcome : pool.try_map(work, items, {.timeout = 1s})) {
        if (outcome) {
            ++results;
        } else {
            std::cerr << outcome.error().message() << '\n';
        }
    }
    tell.join();
    std::cout << "results " << results << std::endl;
}
