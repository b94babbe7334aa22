// For checkers_test: a program to debug. Writes what came of its items, also into the file that is
// its first argument. With a second one a worker is replaced before.

#include <csignal>
#include <cstdio>
#include <vector>

#include <procpool/pool.hpp>

extern "C" {
[[gnu::noinline]] int in_task(int i) {
    asm volatile("");
    return 2 * i;
}
[[gnu::noinline]] void pool_is_made() { asm volatile(""); }
}

int main(int argc, char** argv) {
    procpool::Pool pool{{.processes = 2, .start = procpool::Start::fork}};
    pool_is_made();
    if (argc > 2) {  // the new one is forked from the fork server as it is now
        static_cast<void>(pool.try_map(std::raise, {SIGKILL}));
    }
    pool.for_each_worker([] { in_task(0); });
    int fine = 0;
    for (const auto& outcome : pool.try_map(in_task, std::vector<int>(20), {.chunksize = 1})) {
        fine += outcome ? 1 : 0;
    }
    std::FILE* const file = std::fopen(argv[1], "w");
    for (std::FILE* const to : {file, stdout}) {
        std::fprintf(to, "%d fine\n", fine);
        std::fflush(to);
    }
}
