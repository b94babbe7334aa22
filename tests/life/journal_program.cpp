// journal VERB ITEMS JOURNAL RUNS: a call with a journal, for a test to kill. Each item writes its
// index to the file RUNS when it is done; the results, to stdout, when all are.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <procpool/procpool.hpp>

namespace {

namespace mp = procpool;

/// Some take no time at all, some a while.
std::string run(int x, const std::string& path) {
    static const int runs = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    std::uint64_t sum = 0;
    for (int i = 0; i < (x % 64 == 0 ? 400'000 : 20'000); ++i) {
        sum += static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(x);
        asm volatile("" : "+r"(sum));
    }
    const auto index = static_cast<std::uint32_t>(mp::this_task::index());
    if (::write(runs, &index, sizeof index) != sizeof index) {
        std::abort();
    }
    return std::to_string(x) + (x % 7 == 0 ? std::string(3000, '.') : "");
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(argc, argv);
    if (argc != 5) {
        return 2;
    }
    const std::string verb = argv[1];
    const int count = std::atoi(argv[2]);
    mp::Pool pool({.processes = 2, .start = verb == "spawn" ? mp::Start::spawn : mp::Start::fork});
    const auto f = mp::bind_back(run, std::string(argv[4]));
    const auto items = std::views::iota(0, count);
    const mp::MapOptions options{.journal = {argv[3], false, verb == "sync"}};
    std::vector<std::string> results;
    if (verb == "stream") {
        for (auto&& result : pool.imap(f, items, options)) {
            results.push_back(result);
        }
    } else if (verb == "try") {
        for (auto& outcome : pool.try_map(f, items, options)) {
            results.push_back(outcome.value());
        }
    } else {
        results = pool.map(f, items, options);
    }
    for (int i = 0; i < count; ++i) {
        const std::string& result = results.at(static_cast<std::size_t>(i));
        if (result.substr(0, result.find('.')) != std::to_string(i)) {
            return 3;
        }
    }
    return results.size() == static_cast<std::size_t>(count) ? 0 : 4;
}
