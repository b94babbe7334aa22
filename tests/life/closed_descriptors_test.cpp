// A program may close every descriptor there is, under a live pool: helpers that make a daemon do.

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/init.hpp>
#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"

namespace mp = procpool;
using support::numbers;

namespace {

int twice(int x) { return 2 * x; }

void close_descriptors() { ::close_range(3, ~0U, 0); }

/// Calls a pool whose descriptors are gone. True if it is broken, and says so.
template <class Call>
bool breaks(Call&& call) {
    try {
        call();
    } catch (const mp::PoolBroken&) {
        return true;
    }
    return false;
}

}  // namespace

// Each in a child: the test's own descriptors stay.

TEST(ClosedDescriptors, BreakThePoolAtTheNextCall) {
    EXPECT_EQ(support::status_of_child([] {
                  mp::Pool pool{2};
                  pool.map(twice, numbers(10));
                  close_descriptors();
                  return breaks([&] {
                      for (const support::Bound bound(support::patience); bound.pause();) {
                          pool.map(twice, numbers(10));
                      }
                  });
              }),
              0);
}

TEST(ClosedDescriptors, BreakThePoolUnderACall) {
    EXPECT_EQ(support::status_of_child([] {
                  mp::Pool pool{2};
                  auto pending = pool.submit([] { support::wait_for_ever(); });
                  close_descriptors();
                  return breaks([&] { pending.get(); });
              }),
              0);
}

TEST(ClosedDescriptors, LeaveNoProcessAndLetTheProgramMakeANewPool) {
    EXPECT_EQ(support::status_of_child([] {
                  std::vector<pid_t> workers;
                  {
                      mp::Pool pool{2};
                      workers = pool.worker_pids();
                      close_descriptors();
                  }
                  const bool gone = support::eventually([&] {
                      return !support::runs(workers.at(0)) && !support::runs(workers.at(1));
                  });
                  mp::Pool pool{2};
                  return gone && support::own_children().size() == 1 &&
                         pool.map(twice, numbers(2)) == std::vector{0, 2};
              }),
              0);
}

TEST(ClosedDescriptors, AreNotClosedAgainWhenTheirNumbersAreThoseOfOtherFiles) {
    EXPECT_EQ(support::status_of_child([] {
                  std::vector<int> files;
                  {
                      mp::Pool pool{2};
                      pool.map(twice, numbers(10));
                      close_descriptors();
                      for (int i = 0; i < 20; ++i) {
                          files.push_back(::open("/dev/null", O_RDONLY));
                      }
                      if (!breaks([&] {
                              for (const support::Bound bound(support::patience); bound.pause();) {
                                  pool.map(twice, numbers(10));
                              }
                          })) {
                          return false;
                      }
                  }
                  // A child of the program has them, too.
                  const auto all_open = [&] {
                      return std::all_of(files.begin(), files.end(),
                                         [](int file) { return ::fcntl(file, F_GETFD) >= 0; });
                  };
                  return all_open() && support::status_of_child(all_open) == 0;
              }),
              0);
}

TEST(ClosedDescriptors, OfTheCleanProcessMakeNewPoolsForkedOnes) {
    EXPECT_EQ(support::status_of_child([] {
                  const char* const arguments[] = {"test"};
                  mp::init(1, arguments);
                  close_descriptors();
                  mp::Pool pool{2};
                  bool refused = false;
                  try {
                      const mp::Pool spawned{{.processes = 1, .start = mp::Start::spawn}};
                  } catch (const std::system_error&) {
                      refused = true;
                  }
                  return refused && pool.map(twice, numbers(2)) == std::vector{0, 2};
              }),
              0);
}
