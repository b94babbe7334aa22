// procpool_test: NEEDS procpool_cli
// The command itself, whatever the subcommand.

#include "cli/command.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/text.hpp"

namespace {

using command::Ended;
using support::contains;
using support::contains_match;

TEST(Command, SaysItsVersionAndHowItWasBuilt) {
    const Ended ended = command::run({"--version"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(contains_match(
        ended.out, "^procpool [0-9]+\\.[0-9]+\\.[0-9]+.* built with .*[0-9]+\\.[0-9]+.*\n$"));
}

TEST(Command, HelpNamesTheSubcommandsAndEveryExitCode) {
    const Ended ended = command::run({"--help"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(contains(ended.out, {"mine", "info", "Exit status:"}));
}

TEST(Command, WithoutASubcommandSaysWhereToLook) {
    const Ended ended = command::run({});
    EXPECT_EQ(ended.exit_code(), 2);
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
    EXPECT_TRUE(contains(ended.err, "procpool --help"));
}

TEST(Command, ThatIsUnknownIsRefused) {
    const Ended ended = command::run({"dig"});
    EXPECT_EQ(ended.exit_code(), 2);
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
}

}  // namespace
