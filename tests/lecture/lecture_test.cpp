// procpool_test: TIMEOUT 240
// Runs the lecture as a person and as a program would. No figure is judged here: that is the
// benchmarks' part.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/child.hpp"
#include "support/command.hpp"
#include "support/eventually.hpp"
#include "support/json.hpp"
#include "support/processes.hpp"
#include "support/text.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::contains;
using support::ctrl_c;
using support::ctrl_z;
using support::Ended;
using support::eventually;
using support::Process;

const std::string lecture =
    std::filesystem::path(PROCPOOL_PROGRAMS "/../../apps/lecture/lecture").lexically_normal();

/// Without a terminal. `stdout_fd`: in place of what is collected.
Ended run(const std::vector<std::string>& arguments,
          const std::map<std::string, std::string>& environment = {}, int stdout_fd = -1) {
    return support::run(lecture, arguments, [&] {
        for (const auto& [name, value] : environment) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
        if (stdout_fd >= 0) {
            ::dup2(stdout_fd, STDOUT_FILENO);
        }
    });
}

json run_for_json(std::vector<std::string> arguments,
                  const std::map<std::string, std::string>& environment = {}) {
    arguments.insert(arguments.end(), {"--quick", "--json"});
    const Ended ended = run(arguments, environment);
    EXPECT_EQ(ended.exit_code(), 0) << ended.out << ended.err;
    EXPECT_EQ(ended.err, "");
    return support::parse_json(ended.out);
}

bool has_python() {
    return std::system("python3 -c 'import multiprocessing' >/dev/null 2>&1") == 0;
}

// What a program reads.

TEST(LectureJson, HasEveryCellByNameWithSecondsAndRatios) {
    const json all = run_for_json({});
    EXPECT_TRUE(all.at("holds").get<bool>()) << support::written(all);
    const std::map<std::string, std::vector<std::string>> rows{
        {"map", {"plain", "pool", "bound", "bound_in_chunks", "bound_one_by_one"}},
        {"cost", {"call", "item", "made_used_gone", "pays_from"}},
        {"waiting", {"waiting", "computing"}},
        {"isolation", {"crashes"}},
        {"adler", {"text_1", "text_2"}},
    };
    ASSERT_EQ(all.at("cells").size(), rows.size());
    for (const auto& [cell, names] : rows) {
        const json& report = all.at("cells").at(cell);
        EXPECT_NE(report.at("teaches"), "");
        EXPECT_EQ(report.at("rows").size(), names.size());
        for (const auto& name : names) {
            EXPECT_TRUE(report.at("rows").contains(name)) << cell << ' ' << name;
        }
    }
    const json& pool = all.at("cells").at("map").at("rows").at("pool");
    for (const char* peer : {"threads", "procpool", "ideal"}) {
        EXPECT_EQ(pool.at(peer).at("fate"), "done");
        EXPECT_GT(pool.at(peer).at("seconds"), 0.0);
    }
    EXPECT_GT(pool.at("procpool").at("ratio_to_ideal"), 0.0);
    EXPECT_GT(pool.at("procpool").at("ratio_to_threads"), 0.0);
    for (const auto& [name, row] : all.at("cells").at("waiting").at("rows").items()) {
        for (const char* peer : {"plain", "threads", "procpool", "ideal"}) {
            EXPECT_EQ(row.at(peer).at("fate"), "done") << name << ' ' << peer;
        }
        for (const char* peer : {"python_plain", "python_threads", "python_pool"}) {
            EXPECT_EQ(row.at(peer).at("fate"), has_python() ? "done" : "absent")
                << name << ' ' << peer;
        }
    }
}

TEST(LectureJson, ACrashCostsOneItemHereAndEverythingElsewhere) {
    const json report = run_for_json({"--cells", "isolation"}).at("cells").at("isolation");
    EXPECT_EQ(report.at("results"), 997);
    ASSERT_EQ(report.at("failures").size(), 3U);
    EXPECT_EQ(report.at("failures")[0].at("index"), 217);
    EXPECT_EQ(report.at("failures")[1].at("index"), 500);
    EXPECT_EQ(report.at("failures")[2].at("index"), 871);
    EXPECT_TRUE(contains(report.at("failures")[0].at("message").get<std::string>(), "SIGSEGV"));
    EXPECT_TRUE(contains(report.at("failures")[1].at("message").get<std::string>(), "SIGABRT"));
    const json& crashes = report.at("rows").at("crashes");
    EXPECT_EQ(crashes.at("threads").at("fate"), "died");
    EXPECT_EQ(crashes.at("python_pool").at("fate"), has_python() ? "silent" : "absent");
}

TEST(LectureJson, HashesAsTheLectureDoes) {
    const json report = run_for_json({"--cells=adler"}).at("cells").at("adler");
    EXPECT_EQ(report.at("adler32").at("I miss DSR already"), 928581169);
    EXPECT_EQ(report.at("adler32").at("I miss DSR already!"), 1034618450);
}

TEST(LectureJson, SaysThatAPeerIsAbsent) {
    const json all = run_for_json({"--cells=cost,adler"}, {{"PATH", "/nonexistent"}});
    EXPECT_EQ(all.at("python"), "absent");
    for (const auto& [name, row] : all.at("cells").at("cost").at("rows").items()) {
        EXPECT_EQ(row.at("python_pool"),
                  (json{{"fate", "absent"}, {"why", "python3 is not installed"}}))
            << name;
    }
}

// What a person sees.

TEST(LecturePage, FitsIn80ColumnsWithoutColour) {
    const Ended ended =
        run({"--quick", "--cells=cost,isolation,adler"}, {{"PATH", "/nonexistent"}});
    EXPECT_EQ(ended.exit_code(), 0);
    EXPECT_TRUE(contains(ended.out, "997 + 3"));
    EXPECT_TRUE(contains(ended.out, "absent"));
    EXPECT_FALSE(contains(ended.out, "\033"));
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80U) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
}

TEST(LecturePage, HelpNamesCellsAndExitCodes) {
    const Ended ended = run({"--help"});
    EXPECT_EQ(ended.exit_code(), 0);
    for (const char* word :
         {"--cells", "--quick", "--json", "isolation", "Exit status", "Ctrl-Z"}) {
        EXPECT_TRUE(contains(ended.out, word));
    }
    EXPECT_FALSE(contains(ended.out, "--peer"));
}

TEST(LectureExit, IsTwoWhenTheCommandLineIsWrong) {
    for (const char* wrong : {"--cells=none", "--cells=", "--bogus", "positional"}) {
        const Ended ended = run({wrong});
        EXPECT_EQ(ended.exit_code(), 2) << wrong;
        EXPECT_EQ(ended.out, "");
        EXPECT_NE(ended.err, "");
    }
}

TEST(LectureExit, IsThreeWhenTheOutputCannotBeWritten) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    const Ended ended = run({"--quick", "--cells=adler"}, {}, full);
    ::close(full);
    EXPECT_EQ(ended.exit_code(), 3);
    EXPECT_TRUE(contains(ended.err, "cannot write"));
}

TEST(LectureExit, IsQuietWhenTheReaderHasSeenEnough) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::close(pipe[0]);
    const Ended ended = run({"--quick", "--cells=adler"}, {}, pipe[1]);
    ::close(pipe[1]);
    EXPECT_EQ(ended.signal(), SIGPIPE);
    EXPECT_EQ(ended.err, "");
}

// At a terminal.

/// A terminal with a shell that knows one job, the lecture, and one command, `fg`. All that it
/// starts, and all that is orphaned beneath, can be found and reaped by this process.
class Terminal {
public:
    explicit Terminal(const std::vector<std::string>& arguments) {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
        shell_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
        if (shell_ == 0) {
            be_the_shell(arguments);
        }
        EXPECT_TRUE(shows("<job "));
        EXPECT_TRUE(shows(">"));
        job_ = std::stoi(screen_.substr(screen_.find("<job ") + 5));
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        for (const auto& [pid, is] : processes()) {
            ::kill(pid, SIGKILL);
        }
        ::kill(shell_, SIGKILL);
        EXPECT_TRUE(all_gone());
        ::waitpid(shell_, nullptr, 0);
        ::close(terminal_);
    }

    /// The lecture's process.
    [[nodiscard]] pid_t job() const { return job_; }

    void press(std::string_view keys) const {
        EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }

    /// Reads on until the screen has shown `text` since the last call; false if the job ends
    /// without.
    bool shows(std::string_view text) {
        std::size_t at = std::string::npos;
        static_cast<void>(eventually([&] {
            const bool ended = screen_.find("<exit ") != std::string::npos ||
                               screen_.find("<signal ") != std::string::npos;
            if (!ended) {
                read_on();
            }
            at = screen_.find(text, seen_);
            return at != std::string::npos || ended;
        }));
        if (at == std::string::npos) {
            return false;
        }
        seen_ = at + text.size();
        return true;
    }
    [[nodiscard]] const std::string& screen() const { return screen_; }

    /// Every process beneath this one but the shell.
    [[nodiscard]] std::map<pid_t, Process> processes() const {
        std::map<pid_t, Process> all;
        for (const pid_t pid : support::all_pids()) {
            if (const auto process = support::look_up(pid)) {
                all.emplace(pid, *process);
            }
        }
        const auto is_beneath = [&](pid_t pid) {
            while (pid != ::getpid() && all.contains(pid)) {
                pid = all.at(pid).parent;
            }
            return pid == ::getpid();
        };
        std::map<pid_t, Process> beneath;
        for (const auto& [pid, process] : all) {
            if (pid != ::getpid() && pid != shell_ && is_beneath(pid)) {
                beneath.emplace(pid, process);
            }
        }
        return beneath;
    }

    /// Reaps what was orphaned; true when nothing but the shell is left.
    [[nodiscard]] bool all_gone() const {
        return eventually([&] {
            for (const auto& [pid, is] : processes()) {
                ::waitpid(pid, nullptr, WNOHANG);
            }
            return processes().empty();
        });
    }

private:
    void read_on() {
        pollfd polled{.fd = terminal_, .events = POLLIN, .revents = 0};
        if (::poll(&polled, 1, 10) <= 0) {
            return;
        }
        std::array<char, 4096> buffer{};
        const ssize_t n = ::read(terminal_, buffer.data(), buffer.size());
        if (n > 0) {
            screen_.append(buffer.data(), static_cast<std::size_t>(n));
        }
    }

    [[noreturn]] static void be_the_shell(const std::vector<std::string>& arguments) {
        ::signal(SIGTTOU, SIG_IGN);
        ::setenv("TERM", "xterm", 1);
        const pid_t job = ::fork();
        if (job == 0) {
            ::setpgid(0, 0);
            ::tcsetpgrp(0, ::getpid());
            ::dprintf(1, "<job %d>", ::getpid());
            ::signal(SIGTTOU, SIG_DFL);
            support::execute(lecture, arguments);
        }
        ::setpgid(job, job);
        for (int status = 0; ::waitpid(job, &status, WUNTRACED) == job;) {
            ::tcsetpgrp(0, ::getpgrp());
            if (!WIFSTOPPED(status)) {
                ::dprintf(1, WIFEXITED(status) ? "<exit %d>" : "<signal %d>",
                          WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
                break;
            }
            ::dprintf(1, "<stopped by %d>", WSTOPSIG(status));
            std::array<char, 16> line{};
            if (::read(0, line.data(), line.size()) <= 0) {
                break;
            }
            ::tcsetpgrp(0, job);
            ::kill(-job, SIGCONT);
        }
        support::wait_for_ever();
    }

    int terminal_ = -1;
    pid_t shell_ = -1;
    pid_t job_ = -1;
    std::string screen_;
    std::size_t seen_ = 0;
};

/// Moments at which different processes are at work: what the status line says then.
std::vector<std::pair<std::string, std::string>> moments() {
    std::vector<std::pair<std::string, std::string>> cells{
        {"map", "2 ms, procpool"},
        {"map", "2 ms, threads"},
        {"waiting", "workers, procpool"},
        {"isolation", "isolation: procpool"},
    };
    if (has_python()) {
        cells.insert(cells.end(), {{"map", "2 ms, Python, plain"},
                                   {"waiting", "workers, Python"},
                                   {"isolation", "Python's Pool"}});
    }
    return cells;
}

/// Of these, those at which it is our workers' turn or that of Python's.
std::vector<std::pair<std::string, std::string>> moments_of_workers() {
    std::vector<std::pair<std::string, std::string>> moments{{"map", "2 ms, procpool"},
                                                             {"isolation", "isolation: procpool"}};
    if (has_python()) {
        moments.emplace_back("isolation", "Python's Pool");
    }
    return moments;
}

TEST(LectureTerminal, CtrlCEndsEverythingAtOnce) {
    for (const auto& [cell, status] : moments()) {
        Terminal terminal({"--quick", "--cells", cell});
        ASSERT_TRUE(terminal.shows(status)) << terminal.screen();
        terminal.press(ctrl_c);
        EXPECT_TRUE(terminal.shows("<signal 2>")) << terminal.screen();
        EXPECT_TRUE(terminal.all_gone()) << status;
    }
}

TEST(LectureTerminal, AKillNineEndsEverythingToo) {
    for (const auto& [cell, status] : moments_of_workers()) {
        Terminal terminal({"--quick", "--cells", cell});
        ASSERT_TRUE(terminal.shows(status)) << terminal.screen();
        ::kill(terminal.job(), SIGKILL);
        EXPECT_TRUE(terminal.shows("<signal 9>")) << terminal.screen();
        EXPECT_TRUE(terminal.all_gone()) << status;
    }
}

TEST(LectureTerminal, CtrlZStopsEverythingAndFgGoesOn) {
    for (const auto& [cell, status] : moments_of_workers()) {
        Terminal terminal({"--quick", "--cells", cell});
        ASSERT_TRUE(terminal.shows(status)) << terminal.screen();
        terminal.press(ctrl_z);
        ASSERT_TRUE(terminal.shows("<stopped by 20>")) << terminal.screen();
        // Guards, of the lecture's own group, and fork servers, the parents of workers, sleep: they
        // stop the others and let them go on. One that was just being made may be stopped as well.
        EXPECT_TRUE(eventually([&] {
            const auto processes = terminal.processes();
            return std::ranges::all_of(processes, [&](const auto& process) {
                const auto& [pid, is] = process;
                const bool is_parent = std::ranges::any_of(
                    processes,
                    [parent = pid](const auto& other) { return other.second.parent == parent; });
                const bool watches =
                    (is.group == terminal.job() || is_parent) && pid != terminal.job();
                return is.state == 'Z' || is.state == 'T' || (watches && is.state == 'S');
            });
        })) << status;
        terminal.press("fg\n");
        EXPECT_TRUE(terminal.shows("<exit 0>")) << terminal.screen();
        EXPECT_TRUE(terminal.all_gone()) << status;
    }
}

TEST(LectureTerminal, ShowsItsProgressOnStderrAndTakesItBack) {
    Terminal terminal({"--quick", "--cells", "adler"});
    ASSERT_TRUE(terminal.shows("<exit 0>")) << terminal.screen();
    EXPECT_TRUE(contains(terminal.screen(), "1/1 adler: procpool"));
    EXPECT_TRUE(contains(terminal.screen(), "\r\033[K"));
    EXPECT_TRUE(terminal.all_gone());
}

}  // namespace
