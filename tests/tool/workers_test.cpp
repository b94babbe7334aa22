// procpool_test: LINK tool_app
// The pool of a program: what it says when it cannot be made.

#include "tool/workers.hpp"

#include <csignal>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tool/exit.hpp"

namespace {

TEST(ToolWorkers, NamesTheLimitOfFilesWhenItLeavesNoMemoryToShare) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{.rlim_cur = 512, .rlim_max = 512};
        ::setrlimit(RLIMIT_FSIZE, &small);
        try {
            const tool::Workers workers(1);
        } catch (const tool::SystemLimit& limit) {
            ::_exit(std::string(limit.what()).find("ulimit -f") != std::string::npos ? 0 : 1);
        } catch (...) {
            ::_exit(2);
        }
        ::_exit(3);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

}  // namespace
