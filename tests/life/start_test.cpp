// procpool_test: TIMEOUT 60
// Where workers come from: Start::fork, forkserver, spawn, automatic; what they see of the program.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::all_are;
using support::contains;
using support::listed;
using support::numbers;
using namespace std::chrono_literals;

namespace {

/// 1 after static initialisation, 2 when init() is called, 3 in main.
int stage = 1;
int read_stage() { return stage; }

constexpr auto all = {mp::Start::fork, mp::Start::forkserver, mp::Start::spawn};

int twice(int x) { return 2 * x; }

struct Scale {
    int factor = 1;
    [[nodiscard]] int apply(int x) const { return factor * x; }
};

/// While it lives this process has two threads.
class SecondThread {
public:
    SecondThread() = default;
    SecondThread(const SecondThread&) = delete;
    SecondThread& operator=(const SecondThread&) = delete;
    ~SecondThread() {
        done_.count_down();
        thread_.join();
    }

private:
    std::latch done_{1};
    std::thread thread_{[this] { done_.wait(); }};
};

using Opened = unsigned long (*)();

}  // namespace

class StartMethod : public testing::TestWithParam<mp::Start> {};
INSTANTIATE_TEST_SUITE_P(EveryOne, StartMethod, testing::ValuesIn(all), [](const auto& method) {
    return std::string(method.param == mp::Start::fork         ? "Fork"
                       : method.param == mp::Start::forkserver ? "Forkserver"
                                                               : "Spawn");
});

TEST_P(StartMethod, MapsLambdas) {
    mp::Pool pool{{.processes = 2, .start = GetParam()}};
    const auto squares = pool.map([k = 3](int x) { return k * x * x; }, numbers(10'000));
    EXPECT_EQ(squares[100], 30'000);
}

TEST_P(StartMethod, MapsFunctionsAndBoundOnes) {
    mp::Pool pool{{.processes = 2, .start = GetParam()}};
    EXPECT_EQ(pool.map(twice, numbers(3)), listed(0, 2, 4));
    EXPECT_EQ(pool.map(mp::bind_back(std::plus<>{}, 1), numbers(3)), listed(1, 2, 3));
    EXPECT_EQ(pool.apply(mp::bind_back(twice, 4)), 8);
}

TEST_P(StartMethod, MapsMemberFunctions) {
    mp::Pool pool{{.processes = 1, .start = GetParam()}};
    EXPECT_EQ(pool.apply(&Scale::apply, Scale{3}, 4), 12);
}

TEST_P(StartMethod, ShipsTextsBothWays) {
    mp::Pool pool{{.processes = 2, .start = GetParam()}};
    const auto greet = [](const std::string& name, const std::string& word) {
        return word + ", " + name;
    };
    EXPECT_EQ(pool.map(mp::bind_back(greet, std::string("hello")), std::vector<std::string>{"a"}),
              listed("hello, a"));
}

TEST_P(StartMethod, ReadsAndWritesSharedVectorsInPlace) {
    mp::Pool pool{{.processes = 2, .start = GetParam()}};
    mp::shared_vector<int> in;
    in.resize(1000, 7);
    mp::shared_vector<int> out;
    pool.map_into(twice, in, out);
    EXPECT_TRUE(all_are(14, std::vector<int>(out.begin(), out.end())));
}

TEST_P(StartMethod, ErrorsArriveAsThemselves) {
    mp::Pool pool{{.processes = 1, .start = GetParam()}};
    EXPECT_THROW(pool.apply([] { throw std::out_of_range("x"); }), std::out_of_range);
}

TEST_P(StartMethod, AWorkerThatDiesIsReplaced) {
    mp::Pool pool{{.processes = 1, .start = GetParam()}};
    for (int i = 0; i < 3; ++i) {
        EXPECT_THROW(pool.apply([] { std::raise(SIGKILL); }), mp::WorkerDied);
        EXPECT_EQ(pool.apply(twice, 1), 2);
    }
}

TEST_P(StartMethod, TimeoutsHold) {
    mp::Pool pool{{.processes = 1, .start = GetParam()}};
    EXPECT_THROW(pool.apply(mp::TaskOptions{.timeout = 20ms},
                            [] {
                                for (;;) {
                                    ::pause();
                                }
                            }),
                 mp::TaskTimeout);
}

TEST_P(StartMethod, RunsTheInitializer) {
    static std::string name;
    mp::Pool pool{{.processes = 1,
                   .start = GetParam(),
                   .initializer = mp::bind_back([](const std::string& given) { name = given; },
                                                std::string("iris"))}};
    EXPECT_EQ(pool.apply([] { return name; }), "iris");
}

TEST_P(StartMethod, LeavesNothingBehind) {
    const auto count = [] { return support::own_children().size(); };
    const std::size_t before = count();
    for (int i = 0; i < 5; ++i) {
        mp::Pool pool{{.processes = 2, .start = GetParam()}};
        EXPECT_EQ(pool.apply(twice, 1), 2);
    }
    EXPECT_EQ(count(), before);
}

TEST_P(StartMethod, IsInvisibleToTheProgramsOwnWait) {
    mp::Pool pool{{.processes = 1, .start = GetParam()}};
    EXPECT_EQ(pool.apply(twice, 1), 2);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(Start, WorkersOfForkSeeGlobalsAsTheyAreWhenThePoolIsMade) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::fork}};
    EXPECT_EQ(pool.apply(read_stage), 3);
}

TEST(Start, WorkersOfForkserverSeeGlobalsAsTheyWereWhenInitWasCalled) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::forkserver}};
    EXPECT_EQ(pool.apply(read_stage), 2);
}

TEST(Start, WorkersOfSpawnSeeGlobalsAfterStaticInitialisation) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::spawn}};
    EXPECT_EQ(pool.apply(read_stage), 1 + 1) << "main() sets 2 before it calls init()";
}

TEST(Start, AutomaticUsesTheCleanProcess) {
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply(read_stage), 2);
}

TEST(Start, AutomaticDoesNotWarnWhereItNeedNot) {
    const SecondThread second;
    testing::internal::CaptureStderr();
    {
        mp::Pool pool{1};
        EXPECT_EQ(pool.apply(twice, 1), 2);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Start, WorkersOfSpawnHaveTheCodeElsewhere) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::spawn}};
    const auto there = pool.apply([] { return reinterpret_cast<std::uintptr_t>(&twice); });
    const auto here = reinterpret_cast<std::uintptr_t>(&twice);
    // With address space randomisation off, or a program at a fixed place, they are the same.
    RecordProperty("moved", there == here ? "no" : "yes");
    EXPECT_EQ(there % 4096, here % 4096);
}

TEST(Start, SpawnRefusesAddressesOfCodeInACapture) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::spawn}};
    EXPECT_THROW(pool.apply([f = &twice] { return f(1); }), mp::NotShippable);
    EXPECT_THROW(pool.apply([text = "literal"] { return text[0]; }), mp::NotShippable);
}

TEST(Start, ForkLetsAddressesOfCodePass) {
    mp::Pool pool{{.processes = 1, .start = mp::Start::fork}};
    EXPECT_EQ(pool.apply([f = &twice] { return f(1); }), 2);
}

TEST(Start, AFunctionOfAModuleOpenedLaterIsRefused) {
    std::vector<mp::Pool> pools;
    for (const mp::Start start : all) {
        pools.emplace_back(mp::PoolOptions{.processes = 1, .start = start});
    }
    void* const library = ::dlopen("libz.so.1", RTLD_NOW);
    ASSERT_NE(library, nullptr) << ::dlerror();
    const auto function = reinterpret_cast<Opened>(::dlsym(library, "zlibCompileFlags"));
    ASSERT_NE(function, nullptr);
    for (mp::Pool& pool : pools) {
        EXPECT_THROW(pool.apply(function), mp::NotShippable);
        EXPECT_THROW(pool.apply([function] { return function(); }), mp::NotShippable);
        EXPECT_EQ(pool.apply(twice, 2), 4) << "what was there before still travels";
    }
    mp::Pool later{{.processes = 1, .start = mp::Start::fork}};
    EXPECT_EQ(later.apply(function), function());
    ::dlclose(library);
}

TEST(Start, TheCleanProcessIsNoChildThatTheProgramSees) {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Start, ThreadsOfTheProgramDoNotReachTheWorkers) {
    const SecondThread second;
    for (const mp::Start start : {mp::Start::forkserver, mp::Start::spawn}) {
        mp::Pool pool{{.processes = 1, .start = start}};
        EXPECT_EQ(pool.apply(twice, 1), 2);
    }
}

TEST(Start, WithoutInitForkserverAndSpawnSayWhatToDo) {
    // A forked child has not called it.
    EXPECT_EQ(
        support::status_of_child([] {
            int told = 0;
            for (const mp::Start start : {mp::Start::forkserver, mp::Start::spawn}) {
                try {
                    mp::Pool pool{{.processes = 1, .start = start}};
                } catch (const std::logic_error& e) {
                    told +=
                        std::string(e.what()).find("init(argc, argv)") != std::string::npos ? 1 : 0;
                }
            }
            return told == 2;
        }),
        0);
}

TEST(Start, InitOfAForkedChildGivesItACleanProcessOfItsOwn) {
    EXPECT_EQ(support::status_of_child([] {
                  const char* const arguments[] = {"child", nullptr};
                  mp::init(1, arguments);
                  mp::Pool pool{{.processes = 1, .start = mp::Start::forkserver}};
                  return pool.apply(read_stage) == 3;
              }),
              0);
}

TEST(Start, InitAfterAThreadWasStartedSaysWhatToDo) {
    EXPECT_EQ(support::status_of_child([] {
                  const SecondThread second;
                  const char* const arguments[] = {"child", nullptr};
                  try {
                      mp::init(1, arguments);
                  } catch (const std::logic_error& e) {
                      return std::string(e.what()).find("first thing") != std::string::npos;
                  }
                  return false;
              }),
              0);
}

TEST(Start, ADeadCleanProcessIsToldAndAutomaticForksInstead) {
    EXPECT_EQ(support::status_of_child([] {
                  const char* const arguments[] = {"child", nullptr};
                  mp::init(1, arguments);
                  const std::vector<pid_t> children = support::own_children();
                  if (children.size() != 1) {
                      return false;
                  }
                  ::kill(children.front(), SIGKILL);
                  if (!support::eventually([&] { return !support::runs(children.front()); })) {
                      return false;
                  }
                  bool told = false;
                  try {
                      mp::Pool pool{{.processes = 1, .start = mp::Start::forkserver}};
                  } catch (const std::system_error& e) {
                      told = std::string(e.what()).find("is gone") != std::string::npos;
                  }
                  mp::Pool pool{1};
                  return told && pool.apply(read_stage) == 3;
              }),
              0);
}

TEST(Start, AProgramThatEndsBeforeInitWhenStartedAnewIsTold) {
    support::Program program("life/early_end");
    EXPECT_TRUE(contains(program.line(), "ended before it called init()"));
    EXPECT_EQ(program.wait(), 0);
}

/// What a child with two threads writes to stderr while it acts.
template <class Act>
bool child_warns(Act&& act, std::string_view expected) {
    return support::status_of_child([&] {
               // Without init: a forked child. Its stderr is a pipe.
               int ends[2];
               if (::pipe(ends) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0) {
                   return false;
               }
               ::close(ends[1]);
               {
                   const SecondThread second;
                   for (int i = 0; i < 3; ++i) {
                       if (!act()) {
                           return false;
                       }
                   }
               }
               ::close(STDERR_FILENO);
               std::string text(4096, ' ');
               const auto length = ::read(ends[0], text.data(), text.size());
               text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
               const auto first = text.find("procpool: this program has other threads");
               return first != std::string::npos && text.find(expected) != std::string::npos &&
                      text.find("procpool: ", first + 1) == std::string::npos;
           }) == 0;
}

TEST(Start, AutomaticWarnsOnceWhereItMustForkAThreadedProgram) {
    EXPECT_TRUE(child_warns(
        [] {
            mp::Pool pool{1};
            return pool.apply(twice, 1) == 2;
        },
        "choose Start::fork"));
}

TEST(Start, OfForkMapWarnsOnceInAThreadedProgram) {
    EXPECT_TRUE(child_warns([] { return mp::fork_map(twice, std::vector{1}) == std::vector{2}; },
                            "OpenMP"));
}

int main(int argc, char** argv) {
    stage = 2;
    procpool::init(argc, argv);
    stage = 3;
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
