// procpool_test: TIMEOUT 120
// Under the tools that look into a program while it runs.

#include <filesystem>
#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/command.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/sanitized.hpp"
#include "support/text.hpp"

namespace {

using support::contains;

constexpr const char* program = PROCPOOL_PROGRAMS "/life/first_in_caller";
constexpr const char* with_processes = PROCPOOL_PROGRAMS "/life/first";
constexpr const char* debugged = PROCPOOL_PROGRAMS "/life/debugged";

bool is_there(const std::string& tool) {
    return !sanitized && std::filesystem::exists("/usr/bin/" + tool);
}

/// `ulimit`: -v is RLIMIT_AS, -n RLIMIT_NOFILE.
void limit(int what, rlim_t to) {
    const rlimit limit{to, to};
    ::setrlimit(static_cast<__rlimit_resource_t>(what), &limit);
}

TEST(Valgrind, FindsNothingInAPoolInTheCallerAndNeedsLittle) {
    if (!is_there("valgrind")) {
        GTEST_SKIP() << "there is no valgrind for this program";
    }
    const auto ended = support::run("/usr/bin/valgrind", {"-q", "--error-exitcode=9", program},
                                    [] { limit(RLIMIT_AS, rlim_t{4} << 30U); });
    EXPECT_EQ(ended.exit_code(), 0) << ended.err;
    EXPECT_EQ(ended.out, "6\n");
}

TEST(Strace, FollowsAPoolInTheCaller) {
    if (!is_there("strace")) {
        GTEST_SKIP() << "there is no strace for this program";
    }
    const auto ended = support::run("/usr/bin/strace", {"-f", "-o", "/dev/null", program});
    EXPECT_EQ(ended.exit_code(), 0) << ended.err;
    EXPECT_EQ(ended.out, "6\n");
}

TEST(Strace, FollowsAllProcessesOfAPool) {
    if (!is_there("strace")) {
        GTEST_SKIP() << "there is no strace for this program";
    }
    for (const char* const start : {"fork", "init"}) {
        const auto ended =
            support::run("/usr/bin/strace", {"-f", "-o", "/dev/null", with_processes, start});
        EXPECT_EQ(ended.exit_code(), 0) << ended.err;
        EXPECT_EQ(ended.out, "6\n") << start;
    }
}

class Gdb : public testing::Test {
protected:
    void SetUp() override {
        if (!is_there("gdb")) {
            GTEST_SKIP() << "there is no gdb for this program";
        }
    }

    /// What it shows; what the program writes goes to a file.
    std::string run(const support::Arguments& commands, bool replaces_a_worker = true) {
        support::Arguments arguments{"-nx", "-batch", "-ex", "set confirm off"};
        for (const auto& command : commands) {
            arguments.insert(arguments.end(), {"-ex", command});
        }
        arguments.insert(arguments.end(), {"--args", debugged, file_});
        if (replaces_a_worker) {
            arguments.emplace_back("replace");
        }
        const auto ended = support::run("/usr/bin/gdb", arguments);
        return ended.out + ended.err;
    }

    /// The program may go on for a while without gdb.
    [[nodiscard]] std::string result() const {
        static_cast<void>(support::eventually([&] { return !support::content_of(file_).empty(); }));
        return support::content_of(file_);
    }

    ~Gdb() override { std::filesystem::remove(file_); }

private:
    const std::string file_ = testing::TempDir() + "debugged-" + std::to_string(::getpid());
};

/// It follows the first worker, which nobody may replace.
TEST_F(Gdb, StopsInATaskAndLetsTheProgramGoOn) {
    const std::string shown =
        run({"set follow-fork-mode child", "break in_task", "run", "backtrace", "delete", "detach"},
            false);
    EXPECT_TRUE(contains(shown, {"Breakpoint 1", "in_task"}));
    EXPECT_EQ(result(), "20 fine\n") << shown;
}

TEST_F(Gdb, LeavesNoBreakpointInTheForkServer) {
    const std::string shown =
        run({"break in_task", "break pool_is_made", "run", "delete 1", "continue"});
    EXPECT_TRUE(contains(shown, "pool_is_made"));
    EXPECT_EQ(result(), "20 fine\n") << shown;
}

TEST_F(Gdb, MayLetGoOfAProgramWithAPool) {
    const std::string shown = run({"break in_task", "break pool_is_made", "run", "detach"});
    EXPECT_EQ(result(), "20 fine\n") << shown;
}

TEST(UserModeEmulation, RunsTheFirstProgram) {
    if (!is_there("qemu-x86_64")) {
        GTEST_SKIP() << "there is no emulator for this program";
    }
    for (const char* const start : {"fork", "init"}) {
        // It keeps books of all addresses that are reserved.
        const auto ended = support::run("/usr/bin/qemu-x86_64", {with_processes, start},
                                        [] { limit(RLIMIT_AS, rlim_t{16} << 30U); });
        EXPECT_EQ(ended.out, "6\n") << start << ended.err;
    }
}

TEST(TheFirstProgram, RunsAsTheFirstProcessOfAContainer) {
    for (const char* const start : {"fork", "init"}) {
        const auto ended = support::run("/usr/bin/unshare",
                                        {"--fork", "--pid", "--mount-proc", with_processes, start});
        if (contains(ended.err, "unshare failed") || ended.exit_code() == 126) {
            GTEST_SKIP() << "needs the right to make namespaces";
        }
        EXPECT_EQ(ended.out, "6\n") << start << ended.err;
    }
}

TEST(TheFirstProgram, RunsWithoutProc) {
    for (const char* const start : {"fork", "init"}) {
        const auto ended = support::run(with_processes, {start}, [] {
            if (::unshare(CLONE_NEWNS) != 0 ||
                ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                ::umount2("/proc", MNT_DETACH) != 0) {
                ::_exit(77);
            }
        });
        if (ended.exit_code() == 77) {
            GTEST_SKIP() << "needs the right to unmount /proc";
        }
        EXPECT_EQ(ended.out, "6\n") << start << ended.err;
    }
}

TEST(TheFirstProgram, RunsUnderLimitsOfAddressSpaceAndDescriptors) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs the address space itself";
    }
    for (const char* const start : {"fork", "init"}) {
        const auto ended = support::run(with_processes, {start}, [] {
            limit(RLIMIT_AS, rlim_t{512} << 20U);
            limit(RLIMIT_NOFILE, 24);
        });
        EXPECT_EQ(ended.out, "6\n") << start << ended.err;
    }
}

}  // namespace
