// procpool_test: TIMEOUT 180
// Runs `procpool forest` as a person and as a program would.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/json.hpp"
#include "support/processes.hpp"
#include "support/sanitized.hpp"
#include "support/text.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::contains;
using support::contains_match;
using support::ends_with;
using support::eventually;
using support::starts_with;
using Words = std::vector<std::string>;

const Words iris{"--data", PROCPOOL_DATA "/iris.csv", "--target", "petal_width", "--features",
                 "1..3"};

Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

/// Enough work to do something in the middle of it.
const Words long_work{"--grid", "rounds=400", "leaf=1..20", "--trees", "10", "--processes", "2"};

constexpr auto longest_run = 150s;

/// A file that is gone at the end.
class File {
public:
    explicit File(const std::string& content) {
        std::string name = "/tmp/procpool_forest_XXXXXX";
        const int fd = ::mkstemp(name.data());
        ::fchmod(fd, 0644);
        EXPECT_EQ(::write(fd, content.data(), content.size()),
                  static_cast<ssize_t>(content.size()));
        ::close(fd);
        path_ = name;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string content() const { return support::content_of(path_); }

private:
    std::string path_;
};

/// The tool, running. Its stdout is collected; stderr is collected too, or is a terminal.
class Tool {
public:
    struct Place {
        int columns = 0;                            ///< of a terminal at stderr; 0: none
        bool stdout_too = false;                    ///< the terminal is at stdout as well
        std::optional<int> stdout_fd{};             ///< instead of what is collected
        std::function<void()> before_exec = [] {};  ///< in its process
    };
    Tool(const Words& arguments, const Place& place) {
        static int started = 0;
        mark_ =
            "PROCPOOL_FOREST=" + std::to_string(::getpid()) + "-" + std::to_string(++started) + "-";
        out_ = ::memfd_create("out", MFD_CLOEXEC);
        err_ = ::memfd_create("err", MFD_CLOEXEC);
        winsize size{.ws_row = 24,
                     .ws_col = static_cast<unsigned short>(place.columns),
                     .ws_xpixel = 0,
                     .ws_ypixel = 0};
        pid_ = place.columns > 0 ? ::forkpty(&terminal_, nullptr, nullptr, &size) : ::fork();
        if (pid_ != 0) {
            return;
        }
        ::setenv("PROCPOOL_FOREST", mark_.substr(mark_.find('=') + 1).c_str(), 1);
        ::setenv("TERM", "xterm", 1);
        if (place.columns == 0) {
            ::dup2(err_, STDERR_FILENO);
        }
        if (!place.stdout_too) {
            ::dup2(place.stdout_fd.value_or(out_), STDOUT_FILENO);
        }
        Words words{PROCPOOL_TOOL, "forest"};
        words = with(words, arguments);
        std::vector<char*> argv;
        for (auto& word : words) {
            argv.push_back(word.data());
        }
        argv.push_back(nullptr);
        place.before_exec();
        ::execv(PROCPOOL_TOOL, argv.data());
        ::_exit(126);
    }
    explicit Tool(const Words& arguments) : Tool(arguments, Place{}) {}
    Tool(const Tool&) = delete;
    Tool& operator=(const Tool&) = delete;
    ~Tool() {
        if (!status_) {
            ::kill(pid_, SIGKILL);
            wait();
        }
        for (const int fd : {out_, err_, terminal_}) {
            if (fd >= 0) {
                ::close(fd);
            }
        }
    }

    /// Its exit code; -1 if it died of a signal.
    int wait() {
        const auto has_ended = [&] {
            read_terminal();
            reap(WNOHANG);
            return status_.has_value();
        };
        if (!eventually(has_ended, longest_run)) {
            ADD_FAILURE() << "it does not end";
            ::kill(pid_, SIGKILL);
            reap(0);
        }
        read_terminal();
        return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -1;
    }
    [[nodiscard]] std::string out() const { return support::content_of(out_); }
    [[nodiscard]] std::string err() const { return support::content_of(err_); }
    /// All that the terminal got.
    [[nodiscard]] const std::string& screen() const { return screen_; }

    bool shows(const std::string& pattern) {
        return eventually([&] {
            read_terminal();
            return testing::internal::RE::PartialMatch(screen_, testing::internal::RE(pattern));
        });
    }
    void press(std::string_view keys) const {
        EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const { ::kill(pid_, number); }

    /// Processes that came of it, itself excepted.
    [[nodiscard]] std::vector<pid_t> offspring() const {
        auto found = support::marked_with(mark_);
        std::erase(found, pid_);
        return found;
    }
    /// Its workers: children of its fork server.
    [[nodiscard]] std::vector<pid_t> workers() const {
        auto found = offspring();
        std::erase_if(found, [&](pid_t pid) {
            const auto process = support::look_up(pid);
            return !process || process->parent == pid_ || process->group != pid;
        });
        return found;
    }
    [[nodiscard]] bool left_nothing() const {
        return eventually([&] { return offspring().empty(); });
    }

private:
    void reap(int options) {
        int status = 0;
        if (!status_ && ::waitpid(pid_, &status, options) == pid_) {
            status_ = status;
        }
    }
    void read_terminal() {
        if (terminal_ < 0) {
            return;
        }
        std::array<char, 4096> buffer{};
        for (;;) {
            pollfd polled{.fd = terminal_, .events = POLLIN, .revents = 0};
            if (::poll(&polled, 1, 5) <= 0) {
                return;
            }
            const ssize_t n = ::read(terminal_, buffer.data(), buffer.size());
            if (n <= 0) {
                return;
            }
            screen_.append(buffer.data(), static_cast<std::size_t>(n));
        }
    }

    std::string mark_;
    pid_t pid_ = -1;
    int out_ = -1;
    int err_ = -1;
    int terminal_ = -1;
    std::optional<int> status_;
    std::string screen_;
};

json run_for_json(const Words& arguments) {
    Tool tool(with(arguments, {"--json"}));
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_EQ(tool.err(), "");
    EXPECT_TRUE(tool.left_nothing());
    return support::parse_json(tool.out());
}

/// All but what may differ from run to run.
std::string results_of(json all) {
    all.erase("run");
    return support::written(all);
}

/// It ends with this code and one line of complaint, and has printed nothing.
void expect_complaint(Tool& tool, int code, const std::string& why) {
    EXPECT_EQ(tool.wait(), code);
    EXPECT_EQ(tool.out(), "");
    const std::string err = tool.err();
    EXPECT_TRUE(contains(err, why));
    EXPECT_TRUE(starts_with(err, "procpool: "));
    EXPECT_EQ(std::ranges::count(err, '\n'), 1) << err;
    EXPECT_TRUE(ends_with(err, "\n"));
    EXPECT_TRUE(tool.left_nothing());
}
void expect_complaint(const Words& arguments, int code, const std::string& why) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    Tool tool(arguments);
    expect_complaint(tool, code, why);
}

// What a program reads.

TEST(ForestJson, HasThePredictionsOfTheLecture) {
    const json all = run_for_json(iris);
    std::ifstream file(PROCPOOL_DATA "/lecture-predictions.csv");
    std::string header;
    file >> header;
    std::vector<double> printed;
    for (double number = 0; file >> number;) {
        printed.push_back(number);
    }
    EXPECT_EQ(printed.size(), 150U);
    EXPECT_EQ(all.at("tree").at("predictions").get<std::vector<double>>(), printed);
}

TEST(ForestJson, HasEveryPointOfTheGridAndTheForest) {
    const json all = run_for_json(with(iris, {"--grid", "depth=2,full", "rate=0.5,1", "--trees",
                                              "10", "--folds", "3", "--seed", "5"}));
    EXPECT_EQ(all.at("data").at("rows"), 150);
    EXPECT_EQ(all.at("data").at("target"), "petal_width");
    EXPECT_EQ(all.at("data").at("features").size(), 3U);
    EXPECT_EQ(all.at("seed"), 5);
    EXPECT_EQ(all.at("folds"), 3);
    const json& grid = all.at("grid");
    ASSERT_EQ(grid.at("points").size(), 4U);
    EXPECT_EQ(grid.at("points")[2].at("settings"),
              (json{{"depth", "full"}, {"leaf", 1}, {"rounds", 1}, {"rate", 0.5}}));
    for (const json& point : grid.at("points")) {
        EXPECT_GT(point.at("error"), 0.0);
        EXPECT_GT(point.at("standard_error"), 0.0);
    }
    EXPECT_EQ(grid.at("best").at("rate"), 1.0);
    EXPECT_EQ(all.at("forest").at("trees"), 10);
    EXPECT_EQ(all.at("forest").at("predictions").size(), 150U);
    EXPECT_GT(all.at("forest").at("out_of_bag_error"), 0.0);
    EXPECT_EQ(all.at("run").at("fits"), 1 + 4 * 3 + 10);
    EXPECT_EQ(all.at("run").at("deaths"), 0);
    EXPECT_EQ(all.at("run").at("interrupted"), false);
}

TEST(ForestJson, IsTheSameToTheBitForAnyNumberOfProcesses) {
    const std::string one = results_of(run_for_json(with(iris, {"--processes", "1"})));
    EXPECT_EQ(one, results_of(run_for_json(with(iris, {"--processes", "2"}))));
    EXPECT_EQ(one, results_of(run_for_json(with(iris, {"--processes", "7"}))));
}

TEST(ForestDeaths, ChangeNothingButTheCount) {
    const Words work = with(iris, with(long_work, {"--json"}));
    Tool undisturbed(work);
    Tool disturbed(work, {.columns = 80});
    ASSERT_TRUE(disturbed.shows(" [1-9][0-9]/100")) << disturbed.screen();
    const std::vector<pid_t> workers = disturbed.workers();
    ASSERT_EQ(workers.size(), 2U);
    for (const pid_t worker : workers) {
        ::kill(worker, SIGKILL);
    }
    EXPECT_EQ(disturbed.wait(), 0);
    EXPECT_EQ(undisturbed.wait(), 0);
    const json with_deaths = support::parse_json(disturbed.out());
    const json without = support::parse_json(undisturbed.out());
    EXPECT_EQ(results_of(with_deaths), results_of(without));
    EXPECT_EQ(with_deaths.at("run").at("fits"), without.at("run").at("fits"));
    EXPECT_EQ(with_deaths.at("run").at("deaths"), 2);
    EXPECT_EQ(without.at("run").at("deaths"), 0);
}

TEST(ForestDeaths, OfFitsThatCrashAreShown) {
    const json calm = run_for_json(iris);
    const json crashing = run_for_json(with(iris, {"--crash", "9"}));
    EXPECT_EQ(results_of(calm), results_of(crashing));
    EXPECT_EQ(crashing.at("run").at("deaths"), 9);
    Tool tool(with(iris, {"--crash", "1"}));
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_TRUE(contains(tool.out(), "1 worker died"));
}

// What a person sees.

TEST(ForestPage, IsPlainTextAndFitsIn80Columns) {
    Tool tool(iris);
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_EQ(tool.err(), "");
    const std::string out = tool.out();
    EXPECT_TRUE(contains(out, "error 0.02769 on the rows that it has seen"));
    EXPECT_TRUE(contains(out, "Best: depth="));
    EXPECT_TRUE(contains(out, "Forest of 100 trees"));
    EXPECT_TRUE(contains(out, "206 fits"));
    EXPECT_FALSE(contains(out, "\033"));
    std::istringstream lines(out.substr(out.find('\n')));  // the first has the path of the file
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 80U) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
    }
}

TEST(ForestPage, OnATerminalHasBars) {
    Tool tool(with(iris, {"--grid", "depth=1..3"}), {.columns = 80, .stdout_too = true});
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_TRUE(contains_match(tool.screen(), "    1  0\\.3526 [+]- 0\\.0069  ########"));
    EXPECT_TRUE(contains(tool.screen(), "\033[32m"));
}

TEST(ForestPage, OnATerminalOf20ColumnsHasNoBarsAndSaysSo) {
    Tool tool(iris, {.columns = 20, .stdout_too = true});
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_TRUE(contains(tool.screen(),
                         "the terminal has 20 columns and the picture needs 42; "
                         "widen it, or use --plot FILE.svg"));
    EXPECT_TRUE(contains(tool.screen(), "\r\n    1     1  0.3526\r\n"));
    EXPECT_FALSE(contains_match(tool.screen(), "[0-9] +#"));
}

TEST(ForestPage, OfLargeErrorsKeepsItsColumnsApart) {
    std::string large = "x,y\n";
    for (int i = 0; i < 20; ++i) {
        large += std::to_string(i) + "," + std::to_string(i * 1e9) + "\n";
    }
    const File file(large);
    Tool tool({"--data", file.path(), "--target", "y", "--trees", "0"});
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_TRUE(contains_match(tool.out(), "\n    1     1  [0-9.]+e[+]09 [+]- [0-9.]+e[+]0[89]\n"));
}

TEST(ForestPage, ShowsItsProgressOnATerminalOnly) {
    Tool wide(with(iris, long_work), {.columns = 80});
    EXPECT_TRUE(wide.shows("grid \\[#*\\.*\\] [0-9]+/100")) << wide.screen();
    EXPECT_EQ(wide.wait(), 0);
    EXPECT_TRUE(ends_with(wide.screen(), "\r\033[K")) << "the line is taken back";
    EXPECT_FALSE(contains(wide.out(), "\r"));
    Tool narrow(with(iris, long_work), {.columns = 20});
    EXPECT_TRUE(narrow.shows("grid [0-9]+/100|grid \\[")) << narrow.screen();
    Tool none(with(iris, {"--grid", "rounds=400", "leaf=1..4"}));
    EXPECT_EQ(none.wait(), 0);
    EXPECT_EQ(none.err(), "");
}

TEST(ForestPage, HelpHasExamplesTheGridAndExitCodes) {
    Tool tool({"--help"});
    EXPECT_EQ(tool.wait(), 0);
    for (const char* word : {"--data", "--target", "--features", "--grid", "--folds", "--trees",
                             "--seed", "--processes", "--timeout", "--crash", "--json", "--plot",
                             "Exit status", "Examples", "depth=1..4,full"}) {
        EXPECT_TRUE(contains(tool.out(), word));
    }
}

TEST(ForestPicture, IsWrittenToTheFile) {
    const File file("old");
    Tool tool(with(iris, {"--plot", file.path()}));
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_TRUE(starts_with(file.content(), "<svg "));
    EXPECT_TRUE(ends_with(file.content(), "</svg>\n"));
}

TEST(ForestPicture, IsTheOneInTheDocumentation) {
    const File file("");
    Tool tool(with(iris, {"--plot", file.path()}));
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_EQ(file.content(), support::content_of(PROCPOOL_DATA "/../docs/pictures/forest.svg"));
}

// Bad input, each a line.

TEST(ForestComplaint, IsOfTheCommandLine) {
    expect_complaint({}, 2, "--data");
    expect_complaint(with(iris, {"--bogus"}), 2, "bogus");
    expect_complaint(with(iris, {"--folds", "many"}), 2, "folds");
    expect_complaint(with(iris, {"--folds", "1"}), 2, "--folds 1");
    expect_complaint(with(iris, {"--folds", "151"}), 2, "has 150 rows, so write 2 to 150");
    expect_complaint(with(iris, {"--trees", "-1"}), 2, "trees");
    expect_complaint(with(iris, {"--grid", "depth=0"}), 2, "depth takes 1 to 1000");
    expect_complaint(with(iris, {"--timeout", "-1"}), 2, "--timeout -1");
    expect_complaint(with(iris, {"--crash", "1000"}), 2, "there are only 206 fits");
    expect_complaint(with(iris, {"--crash", "-1"}), 2, "not '-1'");
    expect_complaint(with(iris, {"--seed", "-1"}), 2, "not '-1'");
    expect_complaint(with(iris, {"--plot", ""}), 2, "--plot ''");
    expect_complaint({"--data", "a\nb", "--target", "y"}, 2, "cannot read a?b");
    expect_complaint(with(iris, {"--plot", "/nonexistent/a.svg"}), 2, "No such file");
    expect_complaint(with(iris, {"--plot", "/tmp"}), 2, "Is a directory");
}

TEST(ForestComplaint, IsOfTheFile) {
    const auto complains = [](const std::string& content, const std::string& why) {
        const File file(content);
        expect_complaint({"--data", file.path(), "--target", "y"}, 2, file.path() + why);
    };
    expect_complaint({"--data", "/nonexistent.csv", "--target", "y"}, 2,
                     "cannot read /nonexistent.csv: No such file");
    complains("x,y\n1,2\n,4\n", ":3: column 1 (x): the cell is empty");
    complains("x,y\n1,2\ntext,4\n", ":3: column 1 (x): 'text' is not a number");
    complains("x,y\n1,2\n3\n", ":3: 1 cell where there are 2 columns");
    complains("x,z\n1,2\n3,4\n", ": there is no column 'y'");
    complains("x,y\n1,2\n", " has one row");
    complains("x,y\n1,2\n3,4\n5,6\n", " has 3 rows, so write 2 to 3");
    complains("", " is empty");
}

TEST(ForestComplaint, IsOfTooManyProcesses) {
    expect_complaint(with(iris, {"--processes", "1001"}), 2,
                     "--processes: takes a whole number from 0 to 1000, not '1001'");
    expect_complaint(with(iris, {"--processes", "-1"}), 2, "not '-1'");
}

TEST(ForestComplaint, IsOfMoreProcessesThanTheSystemAllows) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer needs threads of its own";
    }
    constexpr uid_t nobody_else = 54321;  // a limit does not bind root, and counts all of a user's
    Tool tool(
        with(iris, {"--processes", "50"}), {.before_exec = [] {
            if (::getuid() == 0 && (::setresgid(nobody_else, nobody_else, nobody_else) != 0 ||
                                    ::setresuid(nobody_else, nobody_else, nobody_else) != 0)) {
                ::_exit(125);
            }
            if (::access(PROCPOOL_TOOL, X_OK) != 0 || ::access(iris[1].c_str(), R_OK) != 0) {
                ::_exit(125);
            }
            const rlim_t most = ::getuid() == nobody_else ? 10 : 1;
            const rlimit limit{most, most};
            ::setrlimit(RLIMIT_NPROC, &limit);
        }});
    if (tool.wait() == 125) {
        GTEST_SKIP() << "another user cannot run the tool where it was built";
    }
    expect_complaint(tool, 3, "cannot start 50 processes");
}

TEST(ForestComplaint, IsOfAFitThatTakesTooLongAfterWhatWasFound) {
    // So many rows that ten thousand rounds take minutes, and a tree a moment.
    const std::string rows = testing::TempDir() + "procpool-many-rows.csv";
    {
        std::ofstream file(rows);
        file << "x,y\n";
        for (int i = 0; i < 20'000; ++i) {
            file << i << ',' << i * 7919 % 1000 << '\n';
        }
    }
    Tool tool({"--data", rows, "--target", "y", "--grid", "rounds=10000", "--timeout", "4"});
    EXPECT_EQ(tool.wait(), 1);
    EXPECT_TRUE(contains(tool.out(), "One tree, fully grown"));
    EXPECT_TRUE(contains(tool.out(), "Stopped: 0 of 1 grid points, 0 of 100 trees"));
    EXPECT_EQ(tool.err(),
              "procpool: fold 1 of rounds=10000 took longer than --timeout: allow more\n");
    EXPECT_TRUE(tool.left_nothing());
    std::filesystem::remove(rows);
}

TEST(ForestComplaint, IsThatTheForkServerIsGoneAfterWhatWasFound) {
    Tool tool(with(iris, long_work), {.columns = 80});
    ASSERT_TRUE(tool.shows(" [1-9][0-9]/100")) << tool.screen();  // two points of the grid and more
    for (const pid_t pid : tool.offspring()) {
        const auto process = support::look_up(pid);
        if (process && process->parent == tool.pid()) {
            ::kill(pid, SIGKILL);
        }
    }
    EXPECT_EQ(tool.wait(), 3);
    EXPECT_TRUE(contains_match(tool.out(), "Stopped: [0-9]+ of 20 grid points"));
    EXPECT_TRUE(contains(tool.out(), "Best: rounds=400"));
    EXPECT_TRUE(contains(tool.screen(), "procpool: the worker processes are gone, and fold "));
}

TEST(ForestPicture, ThatCannotBeWrittenLosesNoResult) {
    Tool tool(with(iris, {"--plot", "/dev/full"}));
    EXPECT_EQ(tool.wait(), 3);
    EXPECT_TRUE(contains(tool.out(), "Best: depth="));
    EXPECT_TRUE(contains(tool.err(), "cannot write /dev/full: No space left on device"));
}

TEST(ForestComplaint, IsOfAnOutputThatCannotBeWritten) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    Tool tool(iris, {.stdout_fd = full});
    ::close(full);
    expect_complaint(tool, 3, "cannot write the output: No space left on device");
}

TEST(ForestComplaint, IsOfAReaderThatEndedEarly) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::close(pipe[0]);
    Tool tool(iris, {.stdout_fd = pipe[1]});
    ::close(pipe[1]);
    expect_complaint(tool, 3, "output was closed");
}

TEST(ForestComplaint, IsOfAnOutputThatIsClosed) {
    Tool tool(iris, {.before_exec = [] { ::close(STDOUT_FILENO); }});
    expect_complaint(tool, 3, "output");
}

// Ctrl-C.

TEST(ForestInterrupted, PrintsWhatWasFoundAndLeavesNothingRunning) {
    Tool tool(with(iris, long_work), {.columns = 80});
    ASSERT_TRUE(tool.shows(" [1-9][0-9]/100")) << tool.screen();  // two points of the grid and more
    tool.press("\x03");
    EXPECT_EQ(tool.wait(), 130);
    EXPECT_TRUE(contains(tool.out(), "Best: rounds=400 leaf="));
    EXPECT_TRUE(contains_match(tool.out(), "Interrupted: [0-9]+ of 20 grid points, 0 of 10 trees"));
    EXPECT_TRUE(tool.left_nothing());
}

TEST(ForestInterrupted, PrintsJsonThatSaysSo) {
    Tool tool(with(iris, with(long_work, {"--json"})), {.columns = 80});
    ASSERT_TRUE(tool.shows(" [1-9][0-9]/100")) << tool.screen();
    tool.press("\x03");
    EXPECT_EQ(tool.wait(), 130);
    const json all = support::parse_json(tool.out());
    EXPECT_EQ(all.at("run").at("interrupted"), true);
    EXPECT_GT(all.at("grid").at("points")[0].at("error"), 0.0);
    EXPECT_EQ(all.at("grid").at("points")[19].at("error"), nullptr);
    EXPECT_EQ(all.at("forest").at("out_of_bag_error"), nullptr);
}

TEST(ForestInterrupted, BeforeAnythingIsFoundDrawsNoPicture) {
    const File file("old");
    Tool tool(with(iris, {"--grid", "rounds=10000", "--plot", file.path()}));
    ASSERT_TRUE(eventually([&] { return !tool.workers().empty(); }));
    tool.signal(SIGINT);
    EXPECT_EQ(tool.wait(), 130);
    EXPECT_TRUE(contains(tool.err(), "no point of the grid was finished"));
    EXPECT_EQ(file.content(), "old");
    EXPECT_TRUE(tool.left_nothing());
}

TEST(ForestKilled, LeavesNothingRunning) {
    Tool tool(with(iris, long_work));
    ASSERT_TRUE(eventually([&] { return !tool.workers().empty(); }));
    tool.signal(SIGKILL);
    EXPECT_EQ(tool.wait(), -1);
    EXPECT_TRUE(tool.left_nothing());
}

}  // namespace
