#include "engine/client/orphans.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../pool_pages.hpp"
#include "support/child.hpp"

namespace procpool::engine {
namespace {

TEST(Orphans, AreNotWhoeverIsInAGroupOfTheSameNumber) {
    const engine_test::PoolPages pages(2);
    const pid_t innocent = ::fork();
    if (innocent == 0) {
        support::wait_for_ever();
    }
    ::setpgid(innocent, innocent);
    pages.layout().server_line(1).pid = innocent;
    kill_what_workers_left(pages.layout());
    EXPECT_EQ(::waitpid(innocent, nullptr, WNOHANG), 0);
    ::kill(innocent, SIGKILL);
    ::waitpid(innocent, nullptr, 0);
}

}  // namespace
}  // namespace procpool::engine
