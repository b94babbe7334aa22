// procpool_test: TIMEOUT 120
// The start of a pool when a signal interrupts it, when descriptors run out, when an answer is
// lost.

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/init.hpp>
#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/faults.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;

namespace {

using support::Call;
using support::contains;
using support::faults;
using support::Where;

constexpr auto all = {mp::Start::fork, mp::Start::forkserver, mp::Start::spawn};

std::string name_of(mp::Start start) {
    return start == mp::Start::fork         ? "Fork"
           : start == mp::Start::forkserver ? "Forkserver"
                                            : "Spawn";
}

int twice(int x) { return 2 * x; }

/// What the start of a pool says; empty if the pool works.
std::string said(mp::Start start) {
    try {
        mp::Pool pool{{.processes = 1, .start = start}};
        return pool.apply(twice, 2) == 4 ? "" : "it does not compute";
    } catch (const std::exception& error) {
        return error.what();
    }
}

class StartFault : public testing::TestWithParam<mp::Start> {
protected:
    ~StartFault() override { faults->stop(); }
};
INSTANTIATE_TEST_SUITE_P(EveryStart, StartFault, testing::ValuesIn(all),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(StartFault, APollThatIsInterruptedIsRepeated) {
    for (int skip = 0; skip < 4; ++skip) {
        faults->fail(Call::poll, EINTR, skip, 3, Where::client);
        EXPECT_EQ(said(GetParam()), "") << skip;
        faults->stop();
        EXPECT_EQ(said(GetParam()), "") << "and the next pool hears its own answer, " << skip;
    }
}

TEST_P(StartFault, RealSignalsInterruptNothing) {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &before);
    const itimerval often{.it_interval = {0, 700}, .it_value = {0, 700}};
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(said(GetParam()), "");
    }
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
}

TEST_P(StartFault, NoPidfdNamesTheLimitAndLeavesNothing) {
    ASSERT_EQ(said(GetParam()), "");
    for (const Where where : {Where::client, Where::others}) {
        for (int nth = 0; nth < 3; ++nth) {
            const support::Holdings before;
            faults->fail(Call::open_pidfd, EMFILE, nth, 1, where);
            const std::string words = said(GetParam());
            const bool failed = faults->hits > 0;
            faults->stop();
            if (failed) {
                EXPECT_TRUE(contains(words, "ulimit -n")) << nth;
                EXPECT_TRUE(contains(words, std::generic_category().message(EMFILE)));
            }
            EXPECT_EQ(support::Holdings(), before) << nth;
            EXPECT_EQ(said(GetParam()), "") << nth;
        }
    }
}

/// Fills the table of descriptors up to `room`, for as long as it lives.
class FewDescriptors {
public:
    explicit FewDescriptors(std::size_t room) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit low = before_;
        low.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) {
            held_.push_back(fd);
        }
        for (; room > 0 && !held_.empty(); --room) {
            ::close(held_.back());
            held_.pop_back();
        }
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() {
        for (const int fd : held_) {
            ::close(fd);
        }
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }

private:
    rlimit before_{};
    std::vector<int> held_;
};

TEST_P(StartFault, EveryDescriptorThatIsMissingNamesTheLimit) {
    ASSERT_EQ(said(GetParam()), "");
    const support::Holdings before;
    bool enough = false;
    for (std::size_t room = 0; room < 10 && !enough; ++room) {
        std::string words;
        {
            const FewDescriptors few(room);
            words = said(GetParam());
        }
        enough = words.empty();
        if (!enough) {
            EXPECT_TRUE(contains(words, "ulimit -n")) << room;
            EXPECT_TRUE(contains(words, std::generic_category().message(EMFILE))) << room;
        }
        EXPECT_EQ(support::Holdings(), before) << room;
    }
    EXPECT_TRUE(enough);
    EXPECT_EQ(said(GetParam()), "");
}

TEST(CleanProcess, AnAnswerThatNobodyHeardIsNotTakenForTheNext) {
    ASSERT_EQ(said(mp::Start::forkserver), "");  // whatever is read once in a process
    for (int round = 0; round < 5; ++round) {
        faults->fail(Call::read, ENOMEM, 0, 1, Where::client);
        EXPECT_NE(said(mp::Start::forkserver), "");
        EXPECT_EQ(faults->hits, 1);
        faults->stop();
        EXPECT_EQ(said(mp::Start::forkserver), "");
    }
}

TEST(CleanProcess, ThatHasNoDescriptorsItselfNamesTheLimit) {
    if (sanitized) {
        GTEST_SKIP() << "UBSan itself needs a pipe to look at the exception that is thrown";
    }
    // It inherits them, and the limit, from a forked child that calls init() for itself.
    for (std::size_t room = 4; room < 12; ++room) {
        EXPECT_EQ(support::status_of_child([room] {
                      try {
                          const FewDescriptors few(room);
                          mp::init(0, nullptr);
                      } catch (const std::system_error& error) {
                          return std::string(error.what()).find("ulimit -n") != std::string::npos;
                      }
                      const std::string words = said(mp::Start::forkserver);
                      return words.empty() || words.find("ulimit -n") != std::string::npos;
                  }),
                  0)
            << room;
    }
}

TEST(CleanProcess, WithoutADescriptorToWatchItInitFails) {
    // A forked child calls init() for itself.
    EXPECT_EQ(support::status_of_child([] {
                  for (const int nth : {0, 1}) {
                      faults->fail(Call::open_pidfd, EMFILE, nth, 1, Where::client);
                      try {
                          mp::init(0, nullptr);
                          return false;
                      } catch (const std::system_error& error) {
                          if (std::string(error.what()).find("ulimit -n") == std::string::npos) {
                              return false;
                          }
                      }
                      faults->stop();
                  }
                  if (!support::own_children().empty()) {
                      return false;
                  }
                  mp::init(0, nullptr);
                  return said(mp::Start::forkserver).empty();
              }),
              0);
}

}  // namespace

int main(int argc, char** argv) {
    // Before init(): the clean process shall be able to fail as well.
    const support::Shared<support::Faults> shared;
    faults = shared.get();
    procpool::os::fault_hook = support::decide;
    procpool::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
