// procpool_test: TIMEOUT 120
// The study itself, without the command around it.

#include "forest/study.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "forest/fits.hpp"
#include "forest/picture.hpp"
#include "forest/sampling.hpp"
#include "support/eventually.hpp"
#include "support/lists.hpp"
#include "support/processes.hpp"
#include "support/text.hpp"
#include "tool/exit.hpp"
#include "tool/interrupt.hpp"

namespace {

using forest::Csv;
using forest::Dataset;
using forest::Findings;
using forest::Plan;
using support::contains;
using support::contains_match;
using support::listed;

Dataset iris() {
    return forest::select_columns(Csv::read(PROCPOOL_DATA "/iris.csv"), "petal_width", {"1..3"});
}

Dataset table(const std::string& text) {
    return forest::select_columns(Csv::parse("a.csv", text), "y", {});
}

Plan small_plan(int processes = 2) {
    return {.grid = forest::parse_grid("depth=1,3,full leaf=1,10"),
            .folds = 4,
            .trees = 20,
            .seed = 7,
            .processes = processes};
}
constexpr std::size_t fits_of_small_plan = 1 + 6 * 4 + 20;

/// Equal to the bit, but for what may differ from run to run.
void expect_same(const Findings& a, const Findings& b) {
    EXPECT_EQ(a.tree, b.tree);
    EXPECT_EQ(a.tree_error, b.tree_error);
    ASSERT_EQ(a.points.size(), b.points.size());
    for (std::size_t point = 0; point < a.points.size(); ++point) {
        EXPECT_EQ(a.points[point].value().error, b.points[point].value().error);
        EXPECT_EQ(a.points[point].value().spread, b.points[point].value().spread);
    }
    EXPECT_EQ(a.best, b.best);
    EXPECT_EQ(a.trees, b.trees);
    EXPECT_EQ(a.forest, b.forest);
    EXPECT_EQ(a.out_of_bag_error, b.out_of_bag_error);
    EXPECT_EQ(a.out_of_bag_rows, b.out_of_bag_rows);
}

std::string complaint_about(const Dataset& data, const Plan& plan) {
    try {
        (void)forest::study(data, plan);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "no complaint";
}

// The lecture.

TEST(Lecture, TheTreePredictsWhatTheLecturePrinted) {
    const Csv printed = Csv::read(PROCPOOL_DATA "/lecture-predictions.csv");
    const Findings found = forest::study(iris(), small_plan());
    ASSERT_EQ(printed.rows(), 150U);
    ASSERT_EQ(found.tree.size(), 150U);
    for (std::size_t row = 0; row < 150; ++row) {
        double number = 0;
        ASSERT_TRUE(forest::to_number(printed.cell(row, 0), number));
        EXPECT_EQ(found.tree[row], number) << "row " << row + 1;
    }
}

// The same, whoever does the work.

TEST(Study, IsTheSameToTheBitForAnyNumberOfWorkers) {
    const Dataset data = iris();
    const Findings one = forest::study(data, small_plan(1));
    expect_same(one, forest::study(data, small_plan(2)));
    expect_same(one, forest::study(data, small_plan(7)));
    EXPECT_EQ(one.fits, fits_of_small_plan);
    EXPECT_EQ(one.deaths, 0U);
    EXPECT_FALSE(one.interrupted);
}

TEST(Study, IsTheSameWhenWorkersAreKilledButForTheCount) {
    const Dataset data = iris();
    Plan plan = small_plan(1);
    const Findings undisturbed = forest::study(data, plan);
    // What was finished when the worker is killed covers a few fits at most: before the next kill
    // its replacement has worked, and is the one to be killed.
    plan.watch = [](std::size_t done, const std::vector<pid_t>& workers) {
        if (done % 15 == 0 && done < fits_of_small_plan - 10) {
            ::kill(workers.at(0), SIGKILL);
        }
    };
    const Findings disturbed = forest::study(data, plan);
    expect_same(undisturbed, disturbed);
    EXPECT_EQ(disturbed.deaths, 2U);
    EXPECT_EQ(disturbed.fits, fits_of_small_plan);
}

TEST(Study, IsTheSameWhenFitsCrashButForTheCount) {
    const Dataset data = iris();
    Plan plan = small_plan();
    const Findings undisturbed = forest::study(data, plan);
    for (const std::size_t crashes : {std::size_t{1}, std::size_t{9}, fits_of_small_plan}) {
        plan.crashes = crashes;
        const Findings disturbed = forest::study(data, plan);
        expect_same(undisturbed, disturbed);
        EXPECT_EQ(disturbed.deaths, crashes);
    }
}

TEST(Study, DependsOnTheSeed) {
    const Dataset data = iris();
    Plan plan = small_plan();
    const Findings seven = forest::study(data, plan);
    plan.seed = 8;
    const Findings eight = forest::study(data, plan);
    EXPECT_EQ(seven.tree, eight.tree);
    EXPECT_NE(seven.points[0]->error, eight.points[0]->error);
    EXPECT_NE(seven.forest, eight.forest);
}

// What comes out of it.

TEST(Study, FindsThatAForestTellsUnseenRowsBetterThanOneTree) {
    Plan plan = small_plan();
    plan.grid = forest::parse_grid("depth=full");
    const Findings found = forest::study(iris(), plan);
    EXPECT_LT(found.tree_error, 0.03);  // but it has seen these rows
    EXPECT_LT(found.out_of_bag_error.value(), found.points[0]->error);
    EXPECT_GT(found.out_of_bag_rows, 140U);
}

TEST(Study, TakesTheFirstOfEquallyGoodSettings) {
    Plan plan = small_plan();
    plan.grid = forest::parse_grid("depth=4,full leaf=10");
    const Findings found = forest::study(table("x,y\n1,1\n2,1\n3,5\n4,5\n"), plan);
    EXPECT_EQ(found.best, 0U);
}

TEST(Study, LearnsATargetOfAnySize) {
    // Of 64 rows; the target is x, y = offset + unit * x.
    for (const auto& [offset, unit] :
         std::map<double, double>{{0, 1e-30}, {1e9, 1}, {-5, 1e-6}, {1e30, 1e28}}) {
        Dataset data{
            .file = "a.csv", .features = {"x"}, .target = "y", .values = {}, .targets = {}};
        for (int x = 0; x < 64; ++x) {
            data.values.push_back(static_cast<float>(x));
            data.targets.push_back(offset + unit * x);
        }
        const Findings found = forest::study(data, small_plan());
        for (std::size_t row = 0; row < 64; ++row) {
            EXPECT_NEAR(found.tree[row], data.targets[row], unit * 1e-3) << offset << ' ' << unit;
        }
    }
}

TEST(Study, LearnsATargetThatIsAlwaysTheSame) {
    const Findings found = forest::study(table("x,y\n1,0.1\n2,0.1\n3,0.1\n4,0.1\n"), small_plan());
    for (const double value : found.tree) {
        EXPECT_DOUBLE_EQ(value, 0.1);
    }
    EXPECT_LT(found.out_of_bag_error.value(), 1e-12);
}

TEST(Study, OfTwoRowsIsTheSmallest) {
    Plan plan = small_plan();
    plan.folds = 2;
    const Findings found = forest::study(table("x,y\n1,0\n2,1\n"), plan);
    EXPECT_EQ(found.tree, listed<double>(0, 1));
    EXPECT_DOUBLE_EQ(found.points[0]->error, 1);  // each is told by the other
}

TEST(Study, WithoutAForestIsAGridSearch) {
    Plan plan = small_plan();
    plan.trees = 0;
    const Findings found = forest::study(iris(), plan);
    EXPECT_EQ(found.trees, 0U);
    EXPECT_TRUE(found.forest.empty());
    EXPECT_FALSE(found.out_of_bag_error.has_value());
}

TEST(Study, BoostsTreesOnEachOther) {
    Plan plan = small_plan();
    plan.trees = 0;
    plan.grid = forest::parse_grid("depth=2 rate=0.3 rounds=1,20");
    const Findings found = forest::study(iris(), plan);
    EXPECT_LT(found.points[1]->error, found.points[0]->error / 2);
}

// What cannot be done.

TEST(StudyComplaint, IsOfFoldsWithoutRows) {
    Plan plan = small_plan();
    for (const std::uint32_t folds : {0U, 1U, 5U}) {
        plan.folds = folds;
        EXPECT_TRUE(contains(complaint_about(table("x,y\n1,2\n3,4\n5,6\n7,8\n"), plan),
                             "a.csv has 4 rows, so write 2 to 4"));
    }
}

TEST(StudyComplaint, IsOfMoreCrashesThanFits) {
    Plan plan = small_plan();
    plan.crashes = fits_of_small_plan + 1;
    EXPECT_TRUE(contains(complaint_about(iris(), plan), "there are only 45 fits"));
}

TEST(StudyComplaint, IsOfAFitThatTakesTooLong) {
    // Rows of which ten thousand rounds take minutes, and a tree an instant.
    constexpr int rows = 2'000;
    std::string text = "x,y\n";
    for (int i = 0; i < rows; ++i) {
        text += std::to_string(i) + ',' + std::to_string(i * 7919 % 1000) + '\n';
    }
    Plan plan = small_plan();
    plan.grid = forest::parse_grid("rounds=10000 rate=0.01");
    plan.timeout = std::chrono::seconds(2);
    const Findings found = forest::study(table(text), plan);
    ASSERT_TRUE(found.stopped.has_value());
    EXPECT_EQ(found.stopped->code, tool::failed);
    EXPECT_STREQ(found.stopped->what(),
                 "fold 1 of rounds=10000 rate=0.01 took longer than --timeout: allow more");
    EXPECT_EQ(found.tree.size(), rows) << "what was found before is kept";
}

TEST(StudyComplaint, IsOfAFitThatKeepsLosingItsWorker) {
    Plan plan = small_plan(1);
    plan.grid = forest::parse_grid("rounds=10000");  // longer than it takes to be killed
    pid_t killer = -1;
    plan.watch = [&killer](std::size_t, const std::vector<pid_t>&) {
        if (killer > 0) {
            return;
        }
        const pid_t client = ::getpid();
        killer = ::fork();
        if (killer != 0) {
            return;
        }
        for (;;) {  // a worker is a child of a child of the client
            for (const pid_t pid : support::all_pids()) {
                const auto worker = support::look_up(pid);
                const auto server = worker ? support::look_up(worker->parent) : std::nullopt;
                if (server && server->parent == client && worker->parent != client) {
                    ::kill(pid, SIGKILL);
                }
            }
            if (::getppid() != client) {
                std::_Exit(0);
            }
            ::usleep(2000);
        }
    };
    const Findings found = forest::study(iris(), plan);
    ASSERT_TRUE(found.stopped.has_value());
    EXPECT_TRUE(contains_match(found.stopped->what(),
                               "fold [1-4] of rounds=10000 lost its worker 5 times"));
    EXPECT_EQ(found.tree.size(), 150U);
    ASSERT_GT(killer, 0);
    ::kill(killer, SIGKILL);
    ::waitpid(killer, nullptr, 0);
}

// Ctrl-C.

TEST(StudyInterrupted, HasWhatWasFoundTillThenAndLeavesNothingRunning) {
    const Dataset data = iris();
    Plan plan = small_plan();
    const Findings whole = forest::study(data, plan);
    for (const std::size_t when : {std::size_t{1}, std::size_t{13}, std::size_t{30}}) {
        plan.watch = [when](std::size_t done, const std::vector<pid_t>&) {
            if (done == when) {
                ::kill(::getpid(), SIGINT);
            }
        };
        const tool::Interrupt signals;  // a second Ctrl-C would end the program
        const Findings part = forest::study(data, plan);
        EXPECT_TRUE(part.interrupted);
        EXPECT_GE(part.fits, when);
        EXPECT_LT(part.fits, fits_of_small_plan);
        EXPECT_EQ(part.tree, whole.tree);
        for (std::size_t point = 0; point < part.points.size(); ++point) {
            if (!part.points[point]) {
                continue;
            }
            EXPECT_EQ(part.points[point]->error, whole.points[point]->error);
        }
        EXPECT_TRUE(support::eventually([] { return support::own_children().empty(); }));
    }
}

// Chance.

TEST(Chance, PutsEveryRowInOneFoldAndFoldsAreEven) {
    const auto folds = forest::fold_of_rows(103, 10, 1);
    for (std::uint32_t fold = 0; fold < 10; ++fold) {
        const auto rows = std::ranges::count(folds, fold);
        EXPECT_TRUE(rows == 10 || rows == 11) << rows;
    }
    EXPECT_NE(folds, forest::fold_of_rows(103, 10, 2));
}

TEST(Chance, DrawsRowsOfItsOwnForEachTree) {
    const auto first = forest::drawn_rows(1000, 1, 0);
    EXPECT_LT(*std::max_element(first.begin(), first.end()), 1000U);
    EXPECT_NE(first, forest::drawn_rows(1000, 1, 1));
    EXPECT_NE(first, forest::drawn_rows(1000, 2, 0));
    std::vector<bool> drawn(1000);
    for (const auto row : first) {
        drawn[row] = true;
    }
    // 632 are expected; five standard deviations to either side.
    EXPECT_NEAR(static_cast<double>(std::ranges::count(drawn, true)), 632, 50);
}

TEST(Chance, IsTheSameOnEveryMachine) {
    // As another implementation has it, in Python.
    EXPECT_EQ(forest::fold_of_rows(8, 3, 42), listed<std::uint32_t>(2, 0, 1, 0, 1, 1, 0, 2));
    EXPECT_EQ(forest::drawn_rows(6, 42, 3), listed<std::uint32_t>(2, 3, 4, 5, 0, 2));
}

// The picture.

std::string picture(const std::string& grid) {
    Plan plan = small_plan();
    plan.trees = 0;
    plan.grid = forest::parse_grid(grid);
    Dataset data = iris();
    data.target = "<a & b>";
    return forest::picture_of_grid(data, plan, forest::study(data, plan));
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

TEST(Picture, HasALineForEachOtherSettingAndAPointForEachFit) {
    const std::string svg = picture("depth=1,2,full leaf=1,5");
    EXPECT_EQ(count(svg, "<polyline"), 2U);
    EXPECT_EQ(count(svg, "<circle"), 6U + 1U);  // and a ring around the best
    EXPECT_TRUE(contains(svg, ">leaf=5</text>"));
    EXPECT_TRUE(contains(svg, "<title>depth=full leaf=1: 0."));
    EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

TEST(Picture, WritesNamesAsTextNotAsMarkup) {
    const std::string svg = picture("depth=1,2");
    EXPECT_TRUE(contains(svg, "&lt;a &amp; b&gt;"));
    EXPECT_FALSE(contains(svg, "<a &"));
}

TEST(Picture, IsDrawnOfOnePointToo) {
    EXPECT_EQ(count(picture("leaf=5"), "<circle"), 2U);
    EXPECT_FALSE(contains_match(picture("leaf=5"), "nan|inf[^o]"));
}

TEST(Picture, OfErrorsThatAreAllZeroHasAnAxisOfPlainNumbers) {
    Plan plan = small_plan();
    plan.grid = forest::parse_grid("leaf=1,2");
    const Dataset data = table("x,y\n1,0\n2,0\n3,0\n4,0\n");
    const std::string svg = forest::picture_of_grid(data, plan, forest::study(data, plan));
    EXPECT_TRUE(contains(svg, ">0.2</text>"));
    EXPECT_FALSE(contains_match(svg, "e-[0-9]+</text>"));
}

TEST(Picture, OfManyLinesNamesTheBestOne) {
    EXPECT_EQ(count(picture("depth=1,2 leaf=1..8"), ">leaf="), 1U);
}

}  // namespace
