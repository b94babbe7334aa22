// Does what a timeline is to show, for timeline_test, which sets PROCPOOL_TRACE: the argument says
// what. Says "done" at the end.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <procpool/init.hpp>
#include <procpool/pool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

int nap(int x) {
    std::this_thread::sleep_for(1ms);
    return x;
}

int nap_in_own_pool(int x) {
    mp::Pool pool{1};
    return static_cast<int>(pool.map(nap, {x, x, x}).size());
}

int spin(int x) {
    const auto until = std::chrono::steady_clock::now() + 10us;
    while (std::chrono::steady_clock::now() < until) {
    }
    return x;
}

/// Deaths, nested pools, streams.
void everything(mp::Start start) {
    mp::Pool pool{{.processes = 2, .start = start}};
    pool.map(spin, std::vector<int>(2000));
    pool.map(nap, std::vector<int>(10));
    static_cast<void>(pool.try_map([](int x) { return x == 5 ? std::abort(), x : x; },
                                   {1, 2, 3, 4, 5, 6}, {.chunksize = 1}));
    static_cast<void>(pool.try_map([](int x) { return x == 2 ? (::pause(), x) : x; }, {1, 2, 3},
                                   {.timeout = 50ms}));
    static_cast<void>(pool.try_map([](int x) { return x == 2 ? (std::raise(SIGKILL), x) : x; },
                                   {1, 2, 3}, {.retries = 1}));
    pool.map(nap_in_own_pool, {1, 2, 3});
    for (int x : pool.imap(nap, std::vector<int>(20))) {
        static_cast<void>(x);
    }
    pool.close();
    pool.join();
}

/// A worker that is killed in the middle of short items, and a child of the program with a pool.
void killed_worker_and_child() {
    mp::Pool pool{1};
    pool.map(spin, std::vector<int>(200));
    static_cast<void>(pool.try_apply([](int x) { return std::raise(SIGKILL), x; }, 1));
    if (const pid_t child = ::fork(); child == 0) {
        {
            mp::Pool own{1};
            own.map(nap, {1});
        }
        ::_exit(0);
    } else {
        ::waitpid(child, nullptr, 0);
        std::cout << child << std::endl;
    }
}

/// Until it is killed.
void endless() {
    mp::Pool pool{2};
    for (bool first = true;; first = false) {
        pool.map(spin, std::vector<int>(1000));
        if (first) {
            std::cout << "begun" << std::endl;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(argc, argv);
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "everything") {
        everything(mp::Start::fork);
    } else if (what == "spawn") {
        everything(mp::Start::spawn);
    } else if (what == "child") {
        killed_worker_and_child();
    } else if (what == "endless") {
        endless();
    }
    std::cout << "done" << std::endl;
}
