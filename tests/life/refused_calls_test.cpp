// procpool_test: TIMEOUT 180
// Every system call that the library makes is refused in turn, as filters of containers and
// services do: the pool works without it, or says which one it was. It never hangs.

#include <cerrno>
#include <ostream>
#include <string>
#include <utility>

#include <sys/syscall.h>

#include <gtest/gtest.h>

#include "support/command.hpp"
#include "support/sanitized.hpp"
#include "support/text.hpp"

namespace {

using support::contains;

enum class Without { works, says_so };

struct Refused {
    const char* name;
    long number;
    Without without;
};
void PrintTo(const Refused& call, std::ostream* out) { *out << call.name; }

class RefusedCall : public testing::TestWithParam<Refused> {};

TEST_P(RefusedCall, IsDoneWithoutOrNamed) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs these calls itself";
    }
    const Refused& call = GetParam();
    for (const int error : {EPERM, ENOSYS}) {
        for (const bool init : {false, true}) {
            support::Arguments arguments{std::to_string(call.number), std::to_string(error)};
            if (init) {
                arguments.emplace_back("init");
            }
            const auto ended = support::run(PROCPOOL_PROGRAMS "/life/refused_calls", arguments);
            SCOPED_TRACE(std::to_string(error) + (init ? " with init" : ""));
            EXPECT_EQ(ended.exit_code(), 0) << ended.signal() << ended.err;
            if (call.without == Without::works) {
                EXPECT_EQ(ended.out, "works\n");
            } else {
                EXPECT_TRUE(contains(ended.out, {"refused: procpool: ", call.name, "refuse"}));
                EXPECT_EQ(ended.out.find("ulimit"), std::string::npos) << ended.out;
            }
        }
    }
}

constexpr Refused calls[] = {
    {"memfd_create", SYS_memfd_create, Without::says_so},
    {"ftruncate", SYS_ftruncate, Without::says_so},
    {"mprotect", SYS_mprotect, Without::says_so},
    {"madvise", SYS_madvise, Without::says_so},
    {"socketpair", SYS_socketpair, Without::says_so},
    {"signalfd", SYS_signalfd4, Without::says_so},
    {"pidfd_open", SYS_pidfd_open, Without::says_so},
    {"waitid", SYS_waitid, Without::says_so},
    {"wait4", SYS_wait4, Without::says_so},
    {"prctl", SYS_prctl, Without::says_so},
    {"clone", SYS_clone, Without::says_so},
    {"getppid", SYS_getppid, Without::says_so},
    {"clone3", SYS_clone3, Without::works},
    {"kill", SYS_kill, Without::works},
    {"pidfd_send_signal", SYS_pidfd_send_signal, Without::works},
    {"rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo, Without::works},
    {"setpgid", SYS_setpgid, Without::works},
    {"munlock", SYS_munlock, Without::works},
    {"eventfd", SYS_eventfd2, Without::works},
    {"membarrier", SYS_membarrier, Without::works},
    {"timer_create", SYS_timer_create, Without::works},
    {"timer_settime", SYS_timer_settime, Without::works},
    {"openat", SYS_openat, Without::works},
    {"getdents64", SYS_getdents64, Without::works},
    {"sigaltstack", SYS_sigaltstack, Without::works},
    {"prlimit64", SYS_prlimit64, Without::works},
    {"sched_getaffinity", SYS_sched_getaffinity, Without::works},
    {"fstat", SYS_newfstatat, Without::works},
    {"dup3", SYS_dup3, Without::works},
    {"getsid", SYS_getsid, Without::works},
};

INSTANTIATE_TEST_SUITE_P(, RefusedCall, testing::ValuesIn(calls),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(RefusedChannel, IsNamedByInit) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs these calls itself";
    }
    for (const auto& [name, number] :
         {std::pair{"sendmsg", SYS_sendmsg}, {"recvmsg", SYS_recvmsg}, {"poll", SYS_poll}}) {
        const auto ended = support::run(PROCPOOL_PROGRAMS "/life/refused_calls",
                                        {std::to_string(number), std::to_string(EPERM), "init"});
        EXPECT_TRUE(contains(ended.out, {"refused: procpool: ", name}));
    }
}

}  // namespace
