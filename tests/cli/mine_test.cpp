// procpool_test: NEEDS procpool_cli TIMEOUT 120
// `procpool mine` from outside: what it prints, how it ends, and what befalls it in between.

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/cpu.hpp>

#include "cli/command.hpp"
#include "mine/genesis.hpp"
#include "support/eventually.hpp"
#include "support/json.hpp"
#include "support/processes.hpp"
#include "support/text.hpp"

namespace {

using command::Arguments;
using command::Ended;
using command::Running;
using nlohmann::json;
using support::contains;

Ended mine(Arguments arguments, const std::function<void()>& prepare = {}) {
    arguments.insert(arguments.begin(), "mine");
    return command::run(arguments, prepare);
}

json mine_for_json(Arguments arguments, int exit_code = 0) {
    arguments.emplace_back("--json");
    const Ended ended = mine(arguments);
    EXPECT_EQ(ended.exit_code(), exit_code) << ended.err;
    return support::parse_json(ended.out);
}

/// A search that does not end by itself within any test.
const Arguments endless{"mine", "--hash", "sha256", "--zero-bits", "60", "--processes", "2"};

/// The progress of a search for what a million hashes have hundreds of.
constexpr const char* some_are_found = "[0-9],[0-9]{3},[0-9]{3} hashes in";

Arguments endless_and(const Arguments& more) {
    Arguments all = endless;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

// The lecture's exercise.

TEST(MineCommand, SolvesTheExerciseAsPythonsZlibConfirms) {
    const json report = mine_for_json(
        {"--hash", "adler32", "--base", "I miss DSR already", "--digits", "hex", "--prefix", "0"});
    ASSERT_EQ(report.at("found").size(), 1U);
    const std::string hash = report.at("found")[0].at("hash");
    const std::string text = report.at("found")[0].at("text");
    EXPECT_EQ(hash.size(), 8U);
    EXPECT_EQ(hash[0], '0');
    if (std::system("python3 -c 'import zlib' 2>/dev/null") != 0) {
        GTEST_SKIP() << "no python3";
    }
    const std::string check = "python3 -c \"import sys, zlib; sys.exit(format(zlib.adler32(b'" +
                              text + "'), '08x') != '" + hash + "')\"";
    EXPECT_EQ(std::system(check.c_str()), 0) << check;
}

TEST(MineCommand, RefusesTheExerciseInDecimalWithItsReason) {
    const Ended ended = mine({"--digits", "dec", "--prefix", "0"});
    EXPECT_EQ(ended.exit_code(), 2);
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
    EXPECT_TRUE(contains(ended.err, {"never begins with 0", "--digits hex"}));
}

TEST(MineCommand, PrintsWhatItKnowsBeforeTheWork) {
    const Ended ended = mine({});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_EQ(ended.err, "");
    EXPECT_TRUE(contains(ended.out, {"1 to 18: none, 19: 13 %, 20: 97 %, 21", "expected: 1 hash",
                                     "0 workers died"}));
}

// The same answer whatever the number of workers.

TEST(MineCommand, FindsTheSameWithEveryNumberOfProcesses) {
    for (const char* strategy : {"random", "enumerate"}) {
        json first;
        for (const char* processes : {"1", "2", "7"}) {
            const json report =
                mine_for_json({"--hash", "sha256", "--prefix", "0000", "--count", "3", "--strategy",
                               strategy, "--seed", "11", "--processes", processes});
            EXPECT_EQ(report.at("workers"), std::stoi(processes));
            if (first.is_null()) {
                first = report.at("found");
            }
            EXPECT_EQ(report.at("found"), first) << strategy;
        }
    }
}

TEST(MineCommand, FindsTheNonceOfTheGenesisBlockWithEveryNumberOfProcesses) {
    for (const char* processes : {"1", "2", "3"}) {
        const json report =
            mine_for_json({"--block-header", genesis::header, "--nonce-from", "2083000000",
                           "--nonce-to", "2083300000", "--processes", processes});
        ASSERT_EQ(report.at("found").size(), 1U);
        EXPECT_EQ(report.at("found")[0].at("nonce"), genesis::nonce);
        EXPECT_EQ(report.at("found")[0].at("hash"), genesis::hash);
    }
}

TEST(MineCommand, AnotherSeedFindsSomethingElse) {
    const auto found = [](const char* seed) {
        return mine_for_json({"--hash", "sha256", "--prefix", "00", "--seed", seed}).at("found");
    };
    EXPECT_NE(found("1"), found("2"));
}

TEST(MineCommand, ComparesANormalMapThreadsAndProcesses) {
    const json report =
        mine_for_json({"--hash", "sha256", "--prefix", "0000", "--processes", "2", "--compare"});
    ASSERT_TRUE(report.at("compare").is_object());
    for (const char* who : {"plain", "threads", "processes"}) {
        EXPECT_GT(report.at("compare").at(who).at("hashes"), 0) << who;
        EXPECT_GT(report.at("compare").at(who).at("rate"), 0.0) << who;
    }
    const Ended ended = mine({"--processes", "2", "--compare"});
    EXPECT_TRUE(contains(ended.out, {"normal map", "2 threads", "2 processes", "speed-up"}));
}

// How it ends.

TEST(MineCommand, EndsWithOneWhenNothingIsFound) {
    const Ended ended = mine({"--hash", "sha256", "--zero-bits", "60", "--limit", "10000"});
    EXPECT_EQ(ended.exit_code(), 1);
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
    EXPECT_TRUE(contains(ended.err, "0 of 1 found among 10,000 candidates"));
}

TEST(MineCommand, EndsWithTwoAndOneLineWhenItIsAskedForWhatCannotBe) {
    const std::string header = genesis::header;
    for (const Arguments& wrong : std::vector<Arguments>{
             {"--bogus"},
             {"positional"},
             {"--hash", "md5"},
             {"--digits", "oct"},
             {"--digits", "dec", "--hash", "sha256", "--prefix", "1"},
             {"--prefix", ""},
             {"--prefix", "0x"},
             {"--alphabet", "a"},
             {"--alphabet", "aa"},
             {"--min-length", "3", "--max-length", "2"},
             {"--min-length", "0"},
             {"--max-length", "65"},
             {"--max-length", "-1"},
             {"--min-length", "1", "--max-length", "18"},
             {"--min-length", "21", "--max-length", "25"},
             {"--count", "0"},
             {"--count", "-1"},
             {"--seed", "x"},
             {"--zero-bits", "0"},
             {"--zero-bits", "33"},
             {"--zero-bits", "8", "--prefix", "0"},
             {"--processes", "-1"},
             {"--processes", "1001"},
             {"--seed", "-1"},
             {"--seed", "18446744073709551616"},
             {"--count", "18446744073709551616"},
             {"--limit", "0"},
             {"--prefix", "x\ny"},
             {"--bad\noption"},
             {"--prefix", "b82efff8"},
             {"--nonce-from", "1"},
             {"--block-header", ""},
             {"--block-header", "00"},
             {"--block-header", header + "00000000"},
             {"--block-header", header, "--hash", "sha256"},
             {"--block-header", header, "--nonce-from", "2", "--nonce-to", "1"},
             {"--block-header", header, "--nonce-to", "4294967296"},
         }) {
        const Ended ended = mine(wrong);
        EXPECT_EQ(ended.exit_code(), 2) << testing::PrintToString(wrong);
        EXPECT_EQ(ended.out, "");
        EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
        EXPECT_LT(ended.err.size(), 250U) << ended.err;
    }
}

TEST(MineCommand, SaysWhichNumbersAnOptionTakes) {
    EXPECT_TRUE(contains(mine({"--seed", "-1"}).err,
                         "--seed: takes a whole number from 0 to 18446744073709551615, not '-1'"));
    EXPECT_TRUE(
        contains(mine({"--block-header", genesis::header, "--nonce-to", "4294967296"}).err,
                 "--nonce-to: takes a whole number from 0 to 4294967295, not '4294967296'"));
}

TEST(MineCommand, WithZeroProcessesTakesAllCpusThatMayBeUsed) {
    EXPECT_EQ(mine_for_json({"--processes", "0"}).at("workers"), procpool::usable_cpus());
    EXPECT_EQ(mine_for_json({}).at("workers"), procpool::usable_cpus());
}

TEST(MineCommand, TellsOfACoreWhatOneCpuDoesHoweverManyWorkersShareIt) {
    const int cpus = procpool::usable_cpus();
    const json report = mine_for_json(
        {"--hash", "sha256", "--prefix", "0000", "--processes", std::to_string(4 * cpus)});
    EXPECT_NEAR(report.at("rate_per_core").get<double>(), report.at("rate").get<double>() / cpus,
                1);
}

TEST(MineCommand, TellsAProgramWhatItWasAskedFor) {
    const json report =
        mine_for_json({"--hash", "crc32", "--digits", "dec", "--prefix", "42", "--seed", "3"});
    EXPECT_EQ(report.at("hash"), "crc32");
    EXPECT_EQ(report.at("digits"), "dec");
    EXPECT_EQ(report.at("prefix"), "42");
    EXPECT_EQ(mine_for_json({"--zero-bits", "2", "--hash", "sha256"}).at("zero_bits"), 2);
}

TEST(MineCommand, FindsTheSameInEveryRunHoweverOftenChanceRepeats) {
    const Arguments many{"--hash",       "crc32", "--prefix",     "0", "--count", "800",
                         "--min-length", "3",     "--max-length", "3"};
    const json first = mine_for_json(many).at("found");
    EXPECT_EQ(first.size(), 800U);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(mine_for_json(many).at("found"), first);
    }
}

TEST(MineCommand, EndsWithThreeWhenFilesMayNotBeLargeEnoughToShare) {
    const Ended ended = mine({"--prefix", "0", "--json"}, [] {
        const rlimit small{.rlim_cur = 4096, .rlim_max = 4096};
        ::setrlimit(RLIMIT_FSIZE, &small);
    });
    EXPECT_EQ(ended.exit_code(), 3);
    EXPECT_TRUE(contains(ended.err, "ulimit -f"));
}

TEST(MineCommand, EndsWithThreeWhenTheSystemAllowsNoMoreProcesses) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "another user can only be taken by root";
    }
    const Ended ended = mine({"--processes", "20"}, [] {
        // The limit does not bind root. Nobody else uses this number.
        const rlimit few{.rlim_cur = 5, .rlim_max = 5};
        if (::setrlimit(RLIMIT_NPROC, &few) != 0 || ::setgid(64321) != 0 || ::setuid(64321) != 0) {
            ::_exit(99);
        }
    });
    if (ended.exit_code() == 126) {
        GTEST_SKIP() << "another user may not read the program";
    }
    EXPECT_EQ(ended.exit_code(), 3);
    EXPECT_TRUE(contains(ended.err, "--processes"));
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
}

TEST(MineCommand, EndsWithThreeWhenItsOutputIsClosedEarly) {
    const Ended ended = mine({}, [] {
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0) {
            ::_exit(99);
        }
        ::close(pipe[0]);
        ::dup2(pipe[1], STDOUT_FILENO);
    });
    EXPECT_EQ(ended.exit_code(), 3);
    EXPECT_TRUE(command::is_one_line(ended.err)) << ended.err;
    EXPECT_TRUE(contains(ended.err, "output was closed"));
}

TEST(MineCommand, EndsWithThreeWhenItsOutputCannotBeWritten) {
    for (const Arguments& arguments : {Arguments{}, Arguments{"--json"}, Arguments{"--help"}}) {
        const Ended ended = mine(
            arguments, [] { ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO); });
        EXPECT_EQ(ended.exit_code(), 3) << testing::PrintToString(arguments);
        EXPECT_TRUE(contains(ended.err, "cannot write the output"));
    }
}

TEST(MineCommand, BearsThatNothingIsOpen) {
    const Ended ended = mine({}, [] {
        for (int fd = 0; fd <= 2; ++fd) {
            ::close(fd);
        }
    });
    EXPECT_EQ(ended.exit_code(), 3);
}

TEST(MineCommand, HelpHasAnExampleAndEveryExitCode) {
    const Ended ended = mine({"--help"});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(
        contains(ended.out, {"Examples:", "procpool mine --hash adler32", "Exit status:", "130"}));
}

TEST(MineCommand, KeepsIgnoringCtrlCWhereItIsIgnored) {
    Running program(endless_and({}), 120, [] { std::signal(SIGINT, SIG_IGN); });
    ASSERT_TRUE(program.shows("of the expected"));  // it is at work
    const auto mask = [&] {
        std::ifstream status("/proc/" + std::to_string(program.pid()) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("SigIgn:")) {
                return std::stoull(line.substr(7), nullptr, 16);
            }
        }
        return 0ULL;
    };
    EXPECT_NE(mask() & 1ULL << (SIGINT - 1), 0U);
}

TEST(MineCommand, WithoutItsForkServerPrintsWhatItFoundAndEndsWithThree) {
    Running program({"mine", "--hash", "sha256", "--prefix", "000", "--count", "1000000000",
                     "--processes", "2"},
                    120);
    ASSERT_TRUE(program.shows_match(some_are_found)) << program.screen();
    for (const pid_t server : support::children_of(program.pid())) {
        ::kill(server, SIGKILL);
    }
    EXPECT_EQ(program.exit_code(), 3) << program.screen();
    EXPECT_TRUE(
        contains(program.screen(), {"  000", " by 2 processes: ",
                                    "procpool: the worker processes are gone, and the chunk of"}));
}

// At a terminal.

TEST(MineTerminal, ShowsRateShareAndWhenItWillBeDone) {
    Running program(endless_and({}), 120);
    EXPECT_TRUE(program.shows("of the expected work, ETA")) << program.screen();
    program.press(command::ctrl_c);
    EXPECT_EQ(program.exit_code(), 130);
}

TEST(MineTerminal, ShowsOneLineOnTwentyColumns) {
    Running program(endless_and({}), 20);
    EXPECT_TRUE(program.shows("\r\033[K")) << program.screen();
    EXPECT_TRUE(program.shows("/s"));
    program.press(command::ctrl_c);
    EXPECT_EQ(program.exit_code(), 130);
    // Between what erases the line there is never more than fits.
    std::string screen = program.screen();
    screen.resize(screen.rfind("\r\033[K"));
    for (std::size_t at = screen.find("\r\033[K"); at != std::string::npos;) {
        const std::size_t next = screen.find("\r\033[K", at + 1);
        EXPECT_LE(screen.substr(at + 4, next == std::string::npos ? next : next - at - 4).size(),
                  19U);
        at = next;
    }
}

TEST(MineTerminal, FoldsItsLinesOnTwentyColumns) {
    Running program({"mine", "--compare", "--processes", "2"}, 20);
    EXPECT_EQ(program.exit_code(), 0);
    EXPECT_TRUE(
        contains(program.screen(), {"goal: adler32\r\n  begins with 0 in\r\n", "2 processes: "}));
    std::istringstream lines(program.screen());
    for (std::string line; std::getline(lines, line);) {
        const bool word = line.find(' ') == std::string::npos;  // the suffix stays whole
        EXPECT_TRUE(word || line.size() <= 20) << line;         // with its carriage return
    }
}

TEST(MineTerminal, WithoutATerminalShowsNoProgress) {
    const Ended ended = mine({"--hash", "sha256", "--prefix", "00000"});
    EXPECT_EQ(ended.err, "");
    EXPECT_FALSE(contains(ended.out, "\r"));
}

TEST(MineTerminal, CtrlCPrintsWhatWasFoundAndLeavesNothingRunning) {
    Running program({"mine", "--hash", "sha256", "--prefix", "000", "--count", "1000000000",
                     "--processes", "2", "--json"},
                    120);
    ASSERT_TRUE(program.shows_match(some_are_found)) << program.screen();
    const std::vector<pid_t> servers = support::children_of(program.pid());
    // Where forking is slow there is a spare, too.
    std::vector<pid_t> workers;
    ASSERT_TRUE(support::eventually([&] { return (workers = program.workers()).size() >= 2; }));
    program.press(command::ctrl_c);
    EXPECT_EQ(program.exit_code(), 130);
    EXPECT_TRUE(contains(program.screen(), {"\"interrupted\": true", "\"suffix\""}));
    for (const pid_t pid : servers) {
        EXPECT_TRUE(support::eventually([&] { return command::gone(pid); }));
    }
    for (const pid_t pid : workers) {
        EXPECT_TRUE(support::eventually([&] { return command::gone(pid); }));
    }
}

TEST(MineTerminal, CtrlCEndsEveryPartOfAComparison) {
    for (const std::string_view moment : {"normal map", "of the expected"}) {
        Running program(endless_and({"--compare"}), 120);
        ASSERT_TRUE(program.shows(moment == "normal map" ? "expected:" : moment));
        program.press(command::ctrl_c);
        EXPECT_EQ(program.exit_code(), 130) << program.screen();
    }
}

TEST(MineTerminal, AWorkerThatIsKilledIsCountedAndChangesNothingElse) {
    const Arguments arguments{"mine",    "--hash", "sha256d",     "--prefix", "00000",
                              "--count", "8",      "--processes", "2",        "--json"};
    const Ended undisturbed = command::run(arguments);
    ASSERT_EQ(undisturbed.exit_code(), 0);

    Running program(arguments);
    ASSERT_TRUE(program.shows("of the expected"));  // so it works
    std::vector<pid_t> workers;
    ASSERT_TRUE(support::eventually([&] { return (workers = program.workers()).size() >= 2; }));
    EXPECT_EQ(::kill(workers[0], SIGKILL), 0);
    EXPECT_EQ(program.exit_code(), 0) << program.screen();
    const std::string& screen = program.screen();
    const json report = support::parse_json(screen.substr(screen.find("\r\033[K{") + 4));
    const json expected = support::parse_json(undisturbed.out);
    EXPECT_EQ(report.at("found"), expected.at("found"));
    EXPECT_EQ(expected.at("deaths"), 0);
    EXPECT_EQ(report.at("deaths"), 1);
}

}  // namespace
