// procpool_test: NEEDS procpool_cli
// The command itself, whatever the subcommand.

#include "cli/command.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using command::Ended;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(Command, SaysItsVersionAndHowItWasBuilt) {
    const Ended ended = command::run({"--version"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_THAT(
        ended.out,
        MatchesRegex("procpool [0-9]+\\.[0-9]+\\.[0-9]+.* built with .*[0-9]+\\.[0-9]+.*\n"));
}

TEST(Command, HelpNamesTheSubcommandsAndEveryExitCode) {
    const Ended ended = command::run({"--help"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("mine"), HasSubstr("info"), HasSubstr("Exit status:")));
}

TEST(Command, WithoutASubcommandSaysWhereToLook) {
    const Ended ended = command::run({});
    EXPECT_EQ(ended.exit_code(), 2);
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("procpool --help"));
}

TEST(Command, ThatIsUnknownIsRefused) {
    const Ended ended = command::run({"dig"});
    EXPECT_EQ(ended.exit_code(), 2);
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
}

}  // namespace
