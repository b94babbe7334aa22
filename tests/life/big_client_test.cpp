// procpool_test: TIMEOUT 120 LABELS alone
#include <csignal>
#include <fstream>
#include <iostream>

#include <sys/mman.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"

namespace {

using support::Clock;
using namespace std::chrono_literals;
using procpool::Pool;

/// What this machine can spare.
std::size_t free_memory() {
    std::ifstream file("/proc/meminfo");
    for (std::string word; file >> word;) {
        std::size_t kibi = 0;
        if (word == "MemAvailable:" && file >> kibi) {
            return kibi * 1024;
        }
    }
    return 0;
}

/// Touched private memory on small pages, so that its page tables are as large as they get.
class Ballast {
public:
    explicit Ballast(std::size_t bytes)
        : bytes_(bytes),
          data_(static_cast<char*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
        if (data_ == MAP_FAILED) {
            throw std::bad_alloc();
        }
        ::madvise(data_, bytes, MADV_NOHUGEPAGE);
        for (std::size_t at = 0; at < bytes; at += 4096) {
            data_[at] = 1;
        }
    }
    Ballast(const Ballast&) = delete;
    Ballast& operator=(const Ballast&) = delete;
    ~Ballast() { ::munmap(data_, bytes_); }

private:
    std::size_t bytes_;
    char* data_;
};

TEST(BigClient, HasItsWorkersReplacedWhileTheMapGoesOn) {
    if (sanitized) {
        GTEST_SKIP() << "it is about the time that a fork takes";
    }
    constexpr std::size_t gibi = std::size_t{1} << 30U;
    const std::size_t size = std::min(gibi, free_memory() / 4);
    if (size < gibi / 2) {
        GTEST_SKIP() << "too little memory is free";
    }
    const Ballast ballast(size);

    const auto before = Clock::now();
    Pool pool{2};
    std::cout << (size >> 20U) << " MiB: pool made in "
              << support::milliseconds(Clock::now() - before) << " ms\n";

    const pid_t server = pool.apply([] { return ::getppid(); });
    const auto spare_is_ready = [&] {
        std::size_t children = 0;
        for (const pid_t pid : support::all_pids()) {
            if (const auto process = support::look_up(pid)) {
                children += process->parent == server;
            }
        }
        return children > 2;
    };

    // The map goes on while a worker at a time is killed.
    const std::vector<int> items = support::numbers(3000);
    auto result = pool.map_async(
        [](int i) {
            ::usleep(1000);
            return i * 2;
        },
        items, {.retries = 10});
    std::vector<double> pauses;
    for (int kill = 0; kill < 5; ++kill) {
        ASSERT_TRUE(support::eventually(spare_is_ready));
        const pid_t victim = pool.worker_pids().at(static_cast<std::size_t>(kill) % 2);
        const auto start = Clock::now();
        ASSERT_EQ(::kill(victim, SIGKILL), 0);
        ASSERT_TRUE(support::eventually([&] {
            const auto now = pool.worker_pids();
            return now.size() == 2 && std::find(now.begin(), now.end(), victim) == now.end();
        }));
        pauses.push_back(support::milliseconds(Clock::now() - start));
    }
    const auto doubled = result.get();
    for (std::size_t i = 0; i < doubled.size(); ++i) {
        ASSERT_EQ(doubled[i], 2 * static_cast<int>(i));
    }
    std::sort(pauses.begin(), pauses.end());
    std::cout << "ms from the kill to the replacement: best " << pauses.front() << ", median "
              << pauses[pauses.size() / 2] << ", worst " << pauses.back() << '\n';
    // Most of it is the kernel's: a process ends after its page tables are taken apart.
    EXPECT_LT(pauses.front(), 500);
}

}  // namespace
