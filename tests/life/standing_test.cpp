// What a program does to itself after init() holds for its workers too, or there is no pool: they
// never have more rights than it has. Each test in a child of its own.

#include <csignal>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/init.hpp>
#include <procpool/pool.hpp>

#include "support/child.hpp"
#include "support/command.hpp"
#include "support/files.hpp"
#include "support/sanitized.hpp"

namespace mp = procpool;

namespace {

constexpr uid_t nobody = 65534;

void init() {
    const char* const arguments[] = {"test"};
    mp::init(1, arguments);
}

/// Does `holds` hold in a worker, and not before `change` was made behind init()?
bool reaches_workers(const std::function<bool()>& change, bool (*holds)()) {
    return support::status_of_child([&] {
               init();
               if (holds() || !change()) {
                   return false;
               }
               mp::Pool pool{{.processes = 1, .start = mp::Start::forkserver}};
               return holds() && pool.apply(holds);
           }) == 0;
}

/// Is there no pool after that change, and is this said to be why?
bool is_refused(const std::function<bool()>& change, const std::string& why) {
    return support::status_of_child([&] {
               init();
               if (!change()) {
                   return false;
               }
               try {
                   const mp::Pool pool{1};
               } catch (const std::system_error& error) {
                   return std::string(error.what()).find("another " + why) != std::string::npos;
               }
               return false;
           }) == 0;
}

bool allow_all_calls_by_a_filter() {
    sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    sock_fprog program{1, filter};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

bool have_groups(std::size_t count) {
    std::vector<gid_t> groups(count);
    std::iota(groups.begin(), groups.end(), 1000);
    return ::setgroups(groups.size(), groups.data()) == 0;
}

class RootsStanding : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "only root has rights to give up";
        }
    }
};

}  // namespace

TEST_F(RootsStanding, AsAnotherUserIsThatOfTheWorkers) {
    EXPECT_TRUE(reaches_workers(
        [] { return ::setgid(nobody) == 0 && ::setuid(nobody) == 0; },
        [] { return ::getuid() == nobody && ::getegid() == nobody && ::setuid(0) != 0; }));
}

TEST_F(RootsStanding, WithAnotherEffectiveUserIsThatOfTheWorkers) {
    EXPECT_TRUE(reaches_workers([] { return ::seteuid(nobody) == 0; },
                                [] { return ::geteuid() == nobody && ::getuid() == 0; }));
}

TEST_F(RootsStanding, WithFewerGroupsIsThatOfTheWorkers) {
    for (const std::size_t before : {2U, 300U}) {
        EXPECT_TRUE(support::status_of_child([&] {
                        return have_groups(before) &&
                               reaches_workers([] { return have_groups(0); },
                                               [] { return ::getgroups(0, nullptr) == 0; });
                    }) == 0)
            << before;
    }
}

/// More than fit into what the clean process is told.
TEST_F(RootsStanding, WithOtherGroupsOfVeryManyIsRefused) {
    EXPECT_TRUE(support::status_of_child([] {
                    return have_groups(300) &&
                           is_refused([] { return have_groups(280); }, "groups");
                }) == 0);
}

TEST_F(RootsStanding, InAJailIsThatOfTheWorkers) {
    static struct stat jail{};
    const support::Directory directory;
    ASSERT_EQ(::stat(directory.path().c_str(), &jail), 0);
    EXPECT_TRUE(reaches_workers(
        [&] { return ::chroot(directory.path().c_str()) == 0 && ::chdir("/") == 0; },
        [] {
            struct stat root{};
            return ::stat("/", &root) == 0 && root.st_ino == jail.st_ino;
        }));
}

TEST_F(RootsStanding, WithoutACapabilityIsThatOfTheWorkers) {
    constexpr int raw_sockets = 13;  // CAP_NET_RAW
    EXPECT_TRUE(
        reaches_workers([] { return ::prctl(PR_CAPBSET_DROP, raw_sockets, 0, 0, 0) == 0; },
                        [] { return ::prctl(PR_CAPBSET_READ, raw_sockets, 0, 0, 0) == 0; }));
}

TEST_F(RootsStanding, InANamespaceOfItsOwnIsRefused) {
    EXPECT_TRUE(is_refused([] { return ::unshare(CLONE_NEWUTS) == 0; }, "namespaces"));
}

TEST_F(RootsStanding, OfAProgramWithASetUserIdIsThatOfTheWorkersWhenItIsStartedAnew) {
    const support::Directory directory;
    const std::string program = directory.path() + "/standing";
    ASSERT_EQ(std::system(("cp " PROCPOOL_PROGRAMS "/life/standing " + program + " && chmod 4755 " +
                           program + " && chmod 755 " + directory.path())
                              .c_str()),
              0);
    for (const char* const start : {"forkserver", "spawn"}) {
        const auto ended = support::run(program, {start}, [] {
            static_cast<void>(::setgid(nobody));
            static_cast<void>(::setuid(nobody));
        });
        if (ended.out == "no rights\n") {
            GTEST_SKIP() << "set-user-ID programs have no effect here";
        }
        EXPECT_EQ(ended.out, "65534 65534\n") << start << ended.err;
    }
}

TEST(Standing, WithNoNewPrivilegesIsThatOfTheWorkers) {
    EXPECT_TRUE(reaches_workers([] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; },
                                [] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }));
}

TEST(Standing, BehindAFilterOfSystemCallsIsRefused) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs calls of its own";
    }
    EXPECT_TRUE(is_refused(
        [] {
            return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && allow_all_calls_by_a_filter();
        },
        "filter of system calls"));
}

TEST(Standing, InAnotherDirectoryIsThatOfTheWorkers) {
    static std::string there;
    const support::Directory directory;
    there = directory.path();
    EXPECT_TRUE(reaches_workers([] { return ::chdir(there.c_str()) == 0; },
                                [] {
                                    struct stat here{};
                                    struct stat wanted{};
                                    return ::stat(".", &here) == 0 &&
                                           ::stat(there.c_str(), &wanted) == 0 &&
                                           here.st_ino == wanted.st_ino;
                                }));
}

TEST(Standing, WithAnotherUmaskNicenessLimitAndIgnoredSignalIsThatOfTheWorkers) {
    EXPECT_TRUE(reaches_workers(
        [] {
            ::umask(0123);
            return true;
        },
        [] {
            const mode_t now = ::umask(0);
            ::umask(now);
            return now == 0123;
        }));
    EXPECT_TRUE(reaches_workers([] { return ::nice(7) != -1; },
                                [] { return ::getpriority(PRIO_PROCESS, 0) >= 7; }));
    EXPECT_TRUE(reaches_workers(
        [] {
            const rlimit limit{77, 78};
            return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
        },
        [] {
            rlimit limit{};
            ::getrlimit(RLIMIT_NOFILE, &limit);
            return limit.rlim_cur == 77 && limit.rlim_max == 78;
        }));
    EXPECT_TRUE(reaches_workers([] { return ::signal(SIGUSR2, SIG_IGN) != SIG_ERR; },
                                [] {
                                    struct sigaction action{};
                                    ::sigaction(SIGUSR2, nullptr, &action);
                                    return action.sa_handler == SIG_IGN;
                                }));
}
