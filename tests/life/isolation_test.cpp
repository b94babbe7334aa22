// procpool_test: TIMEOUT 90
// What a worker, or a program around it, can do to others: nothing.

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <latch>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/cpu.hpp>
#include <procpool/pool.hpp>
#include <procpool/this_task.hpp>

#include "engine/shared/layout.hpp"
#include "memory/region.hpp"
#include "os/reaping.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"

namespace mp = procpool;
using support::numbers;
using namespace std::chrono_literals;

namespace {

int one() { return 1; }

}  // namespace

TEST(Isolation, AStoppedWorkerKeepsNoCallWaitingThatAnotherCouldAnswer) {
    for (int round = 0; round < 30; ++round) {
        mp::Pool pool{2};
        EXPECT_EQ(pool.map([](int i) { return i; }, numbers(100)).size(), 100U);
        // One of them spins now and is believed to answer.
        const pid_t stopped = pool.worker_pids().at(static_cast<std::size_t>(round % 2));
        ::kill(stopped, SIGSTOP);
        EXPECT_EQ(pool.apply(one), 1);
        EXPECT_EQ(pool.submit(one).get(), 1);
        ::kill(stopped, SIGCONT);
    }
}

TEST(Isolation, AScribbledSpinTokenKeepsNobodyWaiting) {
    mp::Pool pool{1};
    for (const std::uint64_t junk : {std::uint64_t{1} << 16U | 1U, ~std::uint64_t{0}}) {
        for (int pools = 1; pools < 4; ++pools) {
            pool.apply(mp::bind_back(
                [](std::uintptr_t base, std::uint64_t value) {
                    // NOLINTNEXTLINE(performance-no-int-to-ptr): a task that writes where it
                    // pleases
                    auto* const holders = reinterpret_cast<volatile std::uint64_t*>(base);
                    for (std::size_t i = 0; i < procpool::wait::SpinTokens::most; ++i) {
                        holders[i] = value;
                    }
                },
                reinterpret_cast<std::uintptr_t>(procpool::memory::Region::current().base()),
                junk + (static_cast<std::uint64_t>(pools) << 16U)));
            EXPECT_EQ(pool.apply(one), 1);
            EXPECT_EQ(pool.submit(one).get(), 1);
            auto polled = pool.submit(one);
            EXPECT_TRUE(support::eventually([&] { return polled.ready(); }));
        }
    }
}

TEST(Isolation, APoolOfAForkedChildCannotWriteTheParentsRegion) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply(one), 1);
    const auto base = reinterpret_cast<std::uintptr_t>(procpool::memory::Region::current().base());
    EXPECT_EQ(support::status_of_child([&] {
                  mp::Pool inner{1};
                  const auto scribble = [](std::uintptr_t at) {
                      // NOLINTNEXTLINE(performance-no-int-to-ptr): that is the point
                      std::memset(reinterpret_cast<void*>(at), 0x5a, 1 << 16);
                  };
                  try {
                      inner.apply(scribble, base);
                  } catch (const mp::WorkerDied& e) {
                      return e.signal() == SIGSEGV;
                  }
                  return false;
              }),
              0);
    EXPECT_EQ(pool.map([](int i) { return i; }, numbers(100)).size(), 100U);
}

TEST(Isolation, AResultForWhichTheClientHasNoMemoryCostsOneItem) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers need address space of their own";
    }
    EXPECT_EQ(support::status_of_child([] {
                  mp::Pool pool{1};
                  rlimit limit{};
                  ::getrlimit(RLIMIT_DATA, &limit);
                  limit.rlim_cur = std::size_t{128} << 20U;
                  ::setrlimit(RLIMIT_DATA, &limit);
                  const auto outcomes = pool.try_map(
                      [](int i) { return std::string(i == 1 ? std::size_t{200} << 20U : 1, 'x'); },
                      numbers(3));
                  if (!outcomes[0] || outcomes[1] || !outcomes[2]) {
                      return false;
                  }
                  try {
                      outcomes[1].rethrow();
                  } catch (const std::bad_alloc&) {
                      return pool.apply(one) == 1;
                  }
                  return false;
              }),
              0);
}

TEST(Isolation, WorkersOfAProgramWithThreadsKnowTheirCpu) {
    std::latch done{1};
    std::thread second([&] { done.wait(); });
    {
        mp::Pool pool{
            {.processes = std::max(2, mp::usable_cpus()), .start = mp::Start::fork, .pin = true}};
        pool.for_each_worker([] {
            unsigned cpu = 0;
            ::syscall(SYS_getcpu, &cpu, nullptr, nullptr);
            if (::sched_getcpu() != static_cast<int>(cpu)) {
                throw std::runtime_error("a stale number of the CPU");
            }
        });
    }
    done.count_down();
    second.join();
}

TEST(Isolation, TheTerminalStopsNoWorker) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply([] {
        struct sigaction output{};
        struct sigaction input{};
        return ::sigaction(SIGTTOU, nullptr, &output) == 0 &&
               ::sigaction(SIGTTIN, nullptr, &input) == 0 && output.sa_handler == SIG_IGN &&
               input.sa_handler == SIG_IGN;
    }));
}

TEST(Isolation, ChildrenAreFoundHoweverManyThereAre) {
    constexpr std::size_t many = 900;
    EXPECT_EQ(support::status_of_child([] {
                  std::vector<pid_t> children;
                  for (std::size_t i = 0; i < many; ++i) {
                      const pid_t child = ::fork();
                      if (child == 0) {
                          support::wait_for_ever();
                      }
                      if (child < 0) {
                          break;
                      }
                      children.push_back(child);
                  }
                  auto found = procpool::os::Children().find().value();
                  std::sort(found.begin(), found.end());
                  std::vector<pid_t> expected = children;
                  std::sort(expected.begin(), expected.end());
                  for (const pid_t child : children) {
                      ::kill(child, SIGKILL);
                  }
                  for (const pid_t child : children) {
                      ::waitpid(child, nullptr, 0);
                  }
                  return found == expected && children.size() == many;
              }),
              0);
}
