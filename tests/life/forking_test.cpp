// procpool_test: TIMEOUT 120
// How the processes of a pool come to be where a quiet clone is refused, watched or would be wrong.

#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/command.hpp"

namespace {

TEST(ForkHandlersOfALibrary, RunInTheProgramAndMayStartThreads) {
    const auto ended = support::run(PROCPOOL_PROGRAMS "/life/fork_handlers", {},
                                    [] { ::alarm(20); });  // survives the exec
    EXPECT_EQ(ended.signal(), 0) << "it hangs";
    EXPECT_EQ(ended.out, "0 elsewhere, 6\n") << ended.err;
}

TEST(AProgramThatAdoptsOrphans, FindsNoneOfOursWhenItsPoolIsGone) {
    for (const char* const threads : {"alone", "threads"}) {
        const auto ended = support::run(PROCPOOL_PROGRAMS "/life/waiting", {threads});
        EXPECT_EQ(ended.out, "6 nothing\n") << threads << ended.err;
        const auto broken = support::run(PROCPOOL_PROGRAMS "/life/waiting", {threads, "killed"});
        EXPECT_EQ(broken.out, "6 nothing\n") << threads << broken.err;
    }
}

}  // namespace
