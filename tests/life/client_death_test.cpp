// procpool_test: TIMEOUT 120
#include <csignal>
#include <iostream>
#include <set>

#include <fcntl.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/numbers.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"

namespace {

using support::Clock;
using support::Program;
using namespace std::chrono_literals;
using procpool::Pool;
using procpool::PoolBroken;
using support::numbers;

using Words = std::vector<std::string>;

/// The best of a few tries is as fast. A process with the shadow memory of a sanitizer takes long
/// to end.
constexpr auto soon = sanitized ? 1000ms : 100ms;

struct Scene {
    std::string name;
    Words arguments;
};
void PrintTo(const Scene& scene, std::ostream* out) { *out << scene.name; }

/// Reads until the program is in the middle of its map: the processes that are the program's own.
std::set<pid_t> await_ready(Program& program) {
    std::set<pid_t> own;
    for (;;) {
        const std::string line = program.line();
        if (line.empty() || line == "not ready") {
            ADD_FAILURE() << "the program is not ready: " << line;
            return own;
        }
        if (line == "ready") {
            return own;
        }
        own.insert(std::stoi(line));
    }
}

std::vector<pid_t> of_the_pools(const Program& program, const std::set<pid_t>& own) {
    std::vector<pid_t> found = program.offspring();
    std::erase_if(found, [&](pid_t pid) { return own.count(pid) != 0; });
    return found;
}

/// Files under /dev/shm and /tmp that a process has open or mapped to write.
Words named_files_of(pid_t pid) {
    Words found;
    const auto suspicious = [](const std::string& path) {
        return path.rfind("/dev/shm", 0) == 0 || path.rfind("/tmp", 0) == 0;
    };
    const std::string directory = "/proc/" + std::to_string(pid) + "/";
    for (const std::string& number : support::entries_of(directory + "fd")) {
        std::array<char, 512> path{};
        if (::readlink((directory + "fd/" + number).c_str(), path.data(), path.size() - 1) > 0 &&
            suspicious(path.data())) {
            found.emplace_back(path.data());
        }
    }
    std::istringstream maps(support::content_of(directory + "maps"));
    for (std::string line; std::getline(maps, line);) {
        const auto path = line.find('/');
        if (path != std::string::npos && suspicious(line.substr(path)) &&
            line.find(" rw-s") != std::string::npos) {
            found.push_back(line);
        }
    }
    return found;
}

/// New names that could be ours: others use the directory too.
Words new_names(const std::string& directory, const Words& before) {
    Words found;
    for (const std::string& name : support::entries_of(directory)) {
        if (!std::binary_search(before.begin(), before.end(), name) &&
            name.find("procpool") != std::string::npos) {
            found.push_back(directory + "/" + name);
        }
    }
    return found;
}

/// Runs a program to the middle of its map, `end`s it, and measures until nothing of its pools
/// runs. The best of a few tries counts: on a busy machine a process that is woken, or killed,
/// waits for a CPU. What takes too long by itself does so at every try.
template <class End>
void everything_ends_with(const std::string& name, const Words& arguments, End end) {
    const Words shm = support::entries_of("/dev/shm");
    auto best = Clock::duration::max();
    for (int attempt = 0; attempt < 5 && best > soon; ++attempt) {
        Program program(name, arguments);
        const std::set<pid_t> own = await_ready(program);
        if (testing::Test::HasFailure()) {
            return;
        }
        const std::vector<pid_t> before = of_the_pools(program, own);
        EXPECT_GE(before.size(), 3U);
        for (const pid_t pid : before) {
            const auto theirs = named_files_of(pid);
            const auto ours = named_files_of(::getpid());
            for (const auto& file : theirs) {
                EXPECT_NE(std::find(ours.begin(), ours.end(), file), ours.end()) << file;
            }
        }
        const auto start = Clock::now();
        end(program);
        const auto nothing_runs = [&] {
            for (const pid_t pid : before) {
                if (support::runs(pid)) {
                    return false;
                }
            }
            return true;
        };
        ASSERT_TRUE(support::eventually(nothing_runs)) << program.offspring().size() << " run";
        const auto took = Clock::now() - start;
        std::cout << "try " << attempt << ": gone after " << support::milliseconds(took) << " ms\n";
        best = std::min(best, took);
        EXPECT_TRUE(of_the_pools(program, own).empty());
        for (const pid_t pid : own) {
            EXPECT_TRUE(support::runs(pid));
        }
    }
    std::cout << "gone after " << support::milliseconds(best) << " ms\n";
    EXPECT_LE(best, soon);
    EXPECT_TRUE(new_names("/dev/shm", shm).empty());
}

class ClientDeath : public testing::TestWithParam<Scene> {};

TEST_P(ClientDeath, ByKillTakesEverythingAlong) {
    everything_ends_with("life/client", GetParam().arguments,
                         [](Program& program) { program.kill(); });
}

/// As `kill -9 %1` in a shell, and `timeout -s KILL`.
TEST_P(ClientDeath, ByKillOfItsWholeGroupTakesEverythingAlong) {
    if (std::string(GetParam().name).find("ForkedChild") != std::string::npos ||
        std::string(GetParam().name) == "Threads") {
        GTEST_SKIP() << "the forked child is in the group";
    }
    everything_ends_with("life/client", GetParam().arguments,
                         [](Program& program) { program.signal_group(SIGKILL); });
}

TEST_P(ClientDeath, ByTerminationTakesEverythingAlong) {
    everything_ends_with("life/client", GetParam().arguments,
                         [](Program& program) { program.signal(SIGTERM); });
}

TEST_P(ClientDeath, WhileStoppedTakesEverythingAlong) {
    everything_ends_with("life/client", GetParam().arguments, [](Program& program) {
        program.signal(SIGSTOP);
        program.kill();
    });
}

/// Its pidfd stays silent: the process lives on as another program.
TEST_P(ClientDeath, ByExecTakesEverythingAlong) {
    everything_ends_with("life/client", GetParam().arguments,
                         [](Program& program) { program.signal(SIGUSR1); });
}

INSTANTIATE_TEST_SUITE_P(
    , ClientDeath,
    testing::Values(Scene{"OnePool", {}}, Scene{"TwoPools", {"two-pools"}},
                    Scene{"Descendants", {"descendants"}},
                    Scene{"Forkserver", {"forkserver", "two-pools", "descendants"}},
                    Scene{"Spawn", {"spawn", "two-pools"}},
                    Scene{"ForkserverAndForkedChild", {"forkserver", "forked-child"}},
                    Scene{"ForkedChild", {"forked-child", "two-pools"}},
                    Scene{"Threads", {"threads", "two-pools", "descendants", "forked-child"}}),
    [](const auto& test) { return test.param.name; });

TEST(ClientDeathByExec, TakesAPoolAlongThatWasMadeWhileAnotherThreadForked) {
    for (const Words& arguments : {Words{}, Words{"threads"}}) {
        everything_ends_with("life/exec_race_fault", arguments,
                             [](Program& program) { program.signal(SIGUSR1); });
    }
}

// Death of the fork server -----------------------------------------------------------------------

struct Board {
    support::Roll busy;
    support::Roll descendants;
};
Board* board = nullptr;

class ServerDeath : public testing::Test {
protected:
    ServerDeath() { board = board_.get(); }

    static std::vector<int> items() { return numbers(20); }
    static void work(int) {
        board->busy.call(::getpid());
        support::wait_for_ever();
    }
    static pid_t server_of(Pool& pool) {
        return pool.apply([] { return ::getppid(); });
    }
    /// How long `wait` goes on after the death of the fork server that `pool` gets: the best of a
    /// few tries, as above.
    template <class Wait>
    void ends_soon(Wait wait) {
        auto best = Clock::duration::max();
        for (int attempt = 0; attempt < 5 && best > soon; ++attempt) {
            board->busy.clear();
            Pool pool{2};
            const pid_t server = server_of(pool);
            std::atomic<Clock::rep> killed{0};
            std::jthread killer([&] {
                EXPECT_TRUE(support::eventually([] { return board->busy.size() == 2; }));
                killed = Clock::now().time_since_epoch().count();
                ::kill(server, SIGKILL);
            });
            wait(pool);
            const auto ended = Clock::now();
            killer.join();
            const auto took = ended - Clock::time_point(Clock::duration(killed.load()));
            std::cout << "try " << attempt << ": ended after " << support::milliseconds(took)
                      << " ms\n";
            best = std::min(best, took);
            for (const pid_t pid : board->busy.pids()) {
                EXPECT_TRUE(support::eventually([&] { return !support::runs(pid); }));
            }
            EXPECT_THROW(pool.map(work, items()), PoolBroken);
            EXPECT_THROW(pool.apply([] {}), PoolBroken);
            pool.close();
            pool.join();
            pool.terminate();
            EXPECT_THROW(pool.apply([] {}), PoolBroken);
        }
        std::cout << "the wait ended after " << support::milliseconds(best) << " ms\n";
        EXPECT_LE(best, soon);
    }

private:
    support::Shared<Board> board_;
};

TEST_F(ServerDeath, EndsMap) {
    ends_soon([](Pool& pool) { EXPECT_THROW(pool.map(work, items()), PoolBroken); });
}

TEST_F(ServerDeath, EndsTryMapWithWhatHadArrived) {
    ends_soon([](Pool& pool) {
        const auto outcomes = pool.try_map(work, items());
        ASSERT_EQ(outcomes.size(), 20U);
        for (const auto& outcome : outcomes) {
            EXPECT_THROW(outcome.rethrow(), PoolBroken);
        }
    });
}

TEST_F(ServerDeath, EndsGet) {
    ends_soon([](Pool& pool) { EXPECT_THROW(pool.map_async(work, items()).get(), PoolBroken); });
}

TEST_F(ServerDeath, EndsRepeatedShortWaits) {
    ends_soon([](Pool& pool) {
        EXPECT_THROW(
            {
                auto result = pool.map_async(work, items());
                EXPECT_TRUE(support::eventually([&] { return result.wait(10ms); }));
                result.get();
            },
            PoolBroken);
    });
}

TEST_F(ServerDeath, EndsPolling) {
    ends_soon([](Pool& pool) {
        EXPECT_THROW(
            {
                auto result = pool.map_async(work, items());
                EXPECT_TRUE(support::eventually([&] { return result.ready(); }));
                result.get();
            },
            PoolBroken);
    });
}

TEST_F(ServerDeath, EndsJoin) {
    ends_soon([](Pool& pool) {
        EXPECT_THROW(
            {
                auto result = pool.map_async(work, items());
                pool.close();
                pool.join();
                result.get();
            },
            PoolBroken);
    });
}

TEST_F(ServerDeath, EndsWaitsOfEveryThread) {
    ends_soon([](Pool& pool) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] { EXPECT_THROW(pool.map(work, items()), PoolBroken); });
        }
        for (auto& thread : threads) {
            thread.join();
        }
    });
}

TEST_F(ServerDeath, WhileIdleIsFoundByTheNextCall) {
    Pool pool{2};
    const pid_t server = server_of(pool);
    const auto workers = pool.worker_pids();
    ::kill(server, SIGKILL);
    EXPECT_THROW(
        for (const auto until = Clock::now() + 10s; Clock::now() < until;) pool.apply([] {}),
        PoolBroken);
    for (const pid_t pid : workers) {
        EXPECT_TRUE(support::eventually([&] { return !support::runs(pid); }));
    }
}

TEST_F(ServerDeath, IsForgottenByTheDestructor) {
    for (int i = 0; i < 20; ++i) {
        Pool pool{2};
        ::kill(server_of(pool), SIGKILL);
    }
}

TEST_F(ServerDeath, TakesWhatTasksStartedAlong) {
    Pool pool{2};
    const pid_t server = server_of(pool);
    auto result = pool.submit([] {
        support::start_child(board->descendants);
        support::wait_for_ever();
    });
    ASSERT_TRUE(support::eventually([] { return board->descendants.size() == 1; }));
    ::kill(server, SIGKILL);
    EXPECT_THROW(result.get(), PoolBroken);
    for (const pid_t pid : board->descendants.pids()) {
        EXPECT_TRUE(support::eventually([&] { return !support::runs(pid); })) << pid;
    }
}

}  // namespace
