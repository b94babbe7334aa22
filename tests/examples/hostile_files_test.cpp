// procpool_test: TIMEOUT 120
// examples/hostile_files: what a pool makes of a reader that crashes and hangs, and what threads
// do.

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include "support/text.hpp"

namespace {

using support::contains;

const std::string program =
    std::filesystem::path(PROCPOOL_PROGRAMS "/../../examples/hostile_files/hostile_files")
        .lexically_normal();

struct Ended {
    std::string output;
    int status = 0;  ///< as waitpid gives it
};

Ended run(const std::string& arguments) {
    Ended ended;
    // What the program on threads leaves behind when it dies.
    std::string scratch = testing::TempDir() + "hostile-test-XXXXXX";
    if (::mkdtemp(scratch.data()) == nullptr) {
        throw std::runtime_error("mkdtemp");
    }
    // exec: the shell is the program, so its signal is what is waited for.
    FILE* const pipe =
        ::popen(("TMPDIR=" + scratch + " exec " + program + " " + arguments).c_str(), "r");
    if (pipe == nullptr) {
        throw std::runtime_error("popen");
    }
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        ended.output.append(buffer.data(), got);
    }
    ended.status = ::pclose(pipe);
    std::filesystem::remove_all(scratch);
    return ended;
}

}  // namespace

TEST(HostileFiles, EverySoundPictureIsReadAndEveryBadOneNamedWithItsReason) {
    const Ended ended = run("--files 2000");
    EXPECT_TRUE(WIFEXITED(ended.status));
    EXPECT_EQ(WEXITSTATUS(ended.status), 0) << ended.output;
    EXPECT_TRUE(contains(ended.output, "2000 files"));
    EXPECT_TRUE(contains(ended.output, "crashed: Segmentation fault"));
    EXPECT_TRUE(contains(ended.output, "never returned"));
    EXPECT_TRUE(contains(ended.output, "refused: "));
}

TEST(HostileFiles, OnThreadsTheFirstCrashEndsTheProgram) {
    const Ended ended = run("--threads --files 10000 2>&1");
    ASSERT_TRUE(WIFSIGNALED(ended.status)) << ended.output;
    EXPECT_EQ(WTERMSIG(ended.status), SIGSEGV);
}

TEST(HostileFiles, RefusesBadUsage) {
    const Ended ended = run("--files none 2>&1");
    EXPECT_EQ(WEXITSTATUS(ended.status), 2);
    EXPECT_TRUE(contains(ended.output, "--files"));
}
