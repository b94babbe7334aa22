// procpool_test: NEEDS procpool_cli
// `procpool info` from outside.

#include <cstdlib>
#include <sstream>
#include <string>

#include <sched.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include <procpool/cpu.hpp>

#include "cli/command.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace {

using command::Ended;
using nlohmann::json;
using support::contains;

TEST(InfoCommand, TellsWhatAPoolWouldHave) {
    const Ended ended = command::run({"info", "--json"});
    EXPECT_EQ(ended.exit_code(), 0);
    const json info = support::parse_json(ended.out);
    EXPECT_EQ(info.at("cpus").at("usable"), procpool::usable_cpus());
    EXPECT_EQ(info.at("cpus").at("online"), procpool::logical_cpus());
    EXPECT_NE(info.at("cpus").at("why"), "");
    for (const char* what :
         {"procpool", "compiler", "kernel", "libc", "OpenSSL", "zlib", "topology"}) {
        EXPECT_NE(info.at("versions").at(what), "") << what;
    }
}

TEST(InfoCommand, SaysThatAnAffinityMaskTakesCpusAway) {
    if (procpool::logical_cpus() < 2) {
        GTEST_SKIP() << "there is one CPU only";
    }
    const Ended ended = command::run({"info", "--json"}, [] {
        cpu_set_t mask;
        ::sched_getaffinity(0, sizeof mask, &mask);
        int first = 0;
        while (!CPU_ISSET(first, &mask)) {
            ++first;
        }
        CPU_ZERO(&mask);
        CPU_SET(first, &mask);
        ::sched_setaffinity(0, sizeof mask, &mask);
    });
    const json cpus = support::parse_json(ended.out).at("cpus");
    EXPECT_EQ(cpus.at("usable"), 1);
    EXPECT_TRUE(contains(cpus.at("why").get<std::string>(), "affinity mask"));
}

TEST(InfoCommand, TellsTheLimitsThatItRunsUnder) {
    const Ended ended = command::run({"info", "--json"}, [] {
        const rlimit files{.rlim_cur = 123, .rlim_max = 123};
        ::setrlimit(RLIMIT_NOFILE, &files);
    });
    bool found = false;
    const json info = support::parse_json(ended.out);
    for (const json& limit : info.at("limits")) {
        if (limit.at("name") != "open files") {
            continue;
        }
        EXPECT_EQ(limit.at("value"), 123);
        found = true;
    }
    EXPECT_TRUE(found);
}

TEST(InfoCommand, PrintsAPageOfEightyColumns) {
    const Ended ended = command::run({"info"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(contains(ended.out,
                         {"a Pool{} has", "hardware threads", "open files", "core dumps go to"}));
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80U) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
}

TEST(InfoCommand, OfASyntheticMachineContradictsItselfNowhere) {
    const Ended ended = command::run(
        {"info", "--json"}, [] { ::setenv("HWLOC_SYNTHETIC", "package:1 core:64 pu:2", 1); });
    const json cpus = support::parse_json(ended.out).at("cpus");
    if (cpus.at("topology").at("source") == "/sys") {
        GTEST_SKIP() << "built without hwloc";
    }
    EXPECT_EQ(cpus.at("topology").at("cpus"), 128);
    for (const json& core : cpus.at("cores_of_allowed")) {
        EXPECT_LE(core.size(), 2U);
        EXPECT_EQ(core[0].get<int>() / 2, core.back().get<int>() / 2) << "of one core";
    }
}

TEST(InfoTerminal, FoldsItsPageOnTwentyColumns) {
    command::Running program({"info"}, 20);
    EXPECT_EQ(program.exit_code(), 0);
    std::istringstream lines(program.screen());
    for (std::string line; std::getline(lines, line);) {
        const bool word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
        EXPECT_TRUE(word || line.size() <= 20) << line;  // with its carriage return
    }
    EXPECT_TRUE(contains(program.screen(), "  a Pool{} has\r\n    "));
}

TEST(InfoCommand, HelpHasAnExampleAndEveryExitCode) {
    const Ended ended = command::run({"info", "--help"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(contains(ended.out, {"Examples:", "taskset", "130"}));
}

TEST(InfoCommand, WithABadOptionSaysWhereToLook) {
    const Ended ended = command::run({"info", "--bogus"});
    EXPECT_EQ(ended.exit_code(), 2);
    EXPECT_TRUE(contains(ended.err, "procpool info --help"));
}

}  // namespace
