// Numbers of processes that mean others: used again since, or of another PID namespace. Each test
// runs in a namespace of its own, where it is the first process, and sees the /proc of the outer
// one.

#include <atomic>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace {

using procpool::Pool;

enum Verdict : int { good, bad, cannot_tell };

/// What `run` says as the first process of a new namespace; nothing if there may be none.
template <class Run>
std::optional<int> in_own_namespace(Run run) {
    const pid_t outer = ::fork();
    if (outer == 0) {
        if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
            ::_exit(cannot_tell);
        }
        const pid_t first = ::fork();
        if (first == 0) {
            ::_exit(run());
        }
        int status = 0;
        ::waitpid(first, &status, 0);
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : bad);
    }
    int status = 0;
    ::waitpid(outer, &status, 0);
    if (!WIFEXITED(status)) {
        return bad;
    }
    return WEXITSTATUS(status) == cannot_tell ? std::nullopt : std::optional(WEXITSTATUS(status));
}

/// A process that has nothing to do with any pool, in a group of its own. With `number` it gets
/// that one; 0 if it cannot.
pid_t start_innocent(pid_t number = 0) {
    clone_args how{};
    how.exit_signal = SIGCHLD;
    if (number != 0) {
        how.set_tid = reinterpret_cast<std::uintptr_t>(&number);
        how.set_tid_size = 1;
    }
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
    if (pid == 0) {
        ::setpgid(0, 0);
        support::wait_for_ever();
    }
    ::setpgid(pid, pid);
    return pid > 0 ? pid : 0;
}

bool lives(pid_t child) { return ::waitpid(child, nullptr, WNOHANG) == 0; }

int leave_alone_who_has_a_workers_number_now() {
    Pool pool{2};
    const pid_t server = pool.apply([] { return ::getppid(); });
    const pid_t worker = pool.worker_pids().front();
    ::kill(server, SIGKILL);
    while (::waitpid(-1, nullptr, __WALL) > 0) {  // the workers are children of this process by now
    }
    const pid_t innocent = start_innocent(worker);
    if (innocent == 0) {
        return cannot_tell;
    }
    try {
        pool.apply([] {});
        return bad;
    } catch (const procpool::PoolBroken&) {
    }
    return lives(innocent) ? good : bad;
}

int kill_only_what_tasks_left_behind() {
    const support::Shared<std::atomic<pid_t>> orphan;
    Pool pool{2};
    std::vector<pid_t> innocent;
    for (int i = 0; i < 30; ++i) {
        innocent.push_back(start_innocent());
    }
    try {
        pool.apply([to = orphan.get()] {
            if (::fork() == 0) {
                *to = ::getpid();
                support::wait_for_ever();
            }
            support::await([&] { return *to != 0; }, "the orphan");
            std::raise(SIGKILL);
        });
        return bad;
    } catch (const procpool::WorkerDied&) {
    }
    const bool gone = support::eventually([&] { return ::kill(*orphan, 0) != 0; });
    pool.terminate();
    for (const pid_t pid : innocent) {
        if (!lives(pid)) {
            return bad;
        }
    }
    return gone ? good : bad;
}

/// Its children, from now on, are in a namespace of their own.
int name_workers_as_the_program_sees_them(bool threads) {
    if (threads) {
        std::thread([] { support::wait_for_ever(); }).detach();
    }
    if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
        return cannot_tell;
    }
    Pool pool{{.processes = 2, .start = procpool::Start::fork}};
    const std::vector<pid_t> workers = pool.worker_pids();
    for (const pid_t worker : workers) {
        const auto process = support::look_up(worker);
        const auto server = process ? support::look_up(process->parent) : std::nullopt;
        if (!server || server->parent != ::getpid()) {
            return bad;
        }
    }
    const bool called_otherwise = pool.apply(::getpid) != workers.at(0);
    // The first process of that namespace is gone with its pool: nobody follows it.
    pool.terminate();
    try {
        Pool next{1};
        return bad;
    } catch (const std::system_error& error) {
        const std::string what = error.what();
        return called_otherwise && workers.size() == 2 &&
                       what.find("PID namespace") != std::string::npos
                   ? good
                   : bad;
    }
}

TEST(ForeignNumbers, AreNotThoseOfWorkersOfAProgramWhoseChildrenAreInANamespace) {
    for (const bool threads : {false, true}) {
        const int status = support::status_of_child([&] {
            ::_exit(name_workers_as_the_program_sees_them(threads));
            return true;
        });
        if (WEXITSTATUS(status) == cannot_tell) {
            GTEST_SKIP() << "needs a PID namespace";
        }
        EXPECT_EQ(status, 0) << threads;
    }
}

TEST(ForeignNumbers, OfDeadWorkersAreNotKilledWithTheirPool) {
    const auto verdict = in_own_namespace(leave_alone_who_has_a_workers_number_now);
    if (!verdict) {
        GTEST_SKIP() << "needs a PID namespace in which numbers can be chosen";
    }
    EXPECT_EQ(verdict, good);
}

TEST(ForeignNumbers, OfAnotherNamespaceAreNotKilledAsOrphans) {
    const auto verdict = in_own_namespace(kill_only_what_tasks_left_behind);
    if (!verdict) {
        GTEST_SKIP() << "needs a PID namespace";
    }
    EXPECT_EQ(verdict, good);
}

}  // namespace
