// What is read of a file, and what is said of a file that cannot be used.

#include "forest/csv.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "forest/dataset.hpp"
#include "support/lists.hpp"
#include "support/text.hpp"
#include "tool/exit.hpp"

namespace {

using forest::Csv;
using forest::Dataset;
using support::contains;
using support::listed;
using tool::BadUsage;

Csv parse(const std::string& text) { return Csv::parse("a.csv", text); }

Dataset select(const std::string& text, const std::string& target = "y",
               const std::vector<std::string>& features = {}) {
    return forest::select_columns(parse(text), target, features);
}

/// What is said of it; one line.
template <class Act>
std::string complaint(Act act) {
    try {
        act();
    } catch (const BadUsage& error) {
        EXPECT_FALSE(contains(error.what(), "\n"));
        return error.what();
    }
    return "no complaint";
}
std::string complaint_about(const std::string& text, const std::string& target = "y",
                            const std::vector<std::string>& features = {}) {
    return complaint([&] { (void)select(text, target, features); });
}

TEST(Csv, HasNamesOfColumnsAndRowsOfCells) {
    const Csv csv = parse("x,y\n1,2\n3,4\n");
    EXPECT_EQ(csv.names(), listed("x", "y"));
    ASSERT_EQ(csv.rows(), 2U);
    EXPECT_EQ(csv.cell(1, 0), "3");
    EXPECT_EQ(csv.line(1), 3U);
}

TEST(Csv, WithoutNamesNumbersItsColumns) {
    const Csv csv = parse("1,2\n3,4\n");
    EXPECT_EQ(csv.names(), listed("1", "2"));
    EXPECT_EQ(csv.rows(), 2U);
}

TEST(Csv, TakesTheLineEndsBlanksAndMarksOfOtherPrograms) {
    const Csv csv = parse("\xef\xbb\xbfx , y\r\n 1 ,\t2 \r\n3,4\r\n\r\n");
    EXPECT_EQ(csv.names(), listed("x", "y"));
    ASSERT_EQ(csv.rows(), 2U);
    EXPECT_EQ(csv.cell(0, 0), "1");
    EXPECT_EQ(csv.cell(0, 1), "2");
    EXPECT_EQ(csv.cell(1, 1), "4");
}

TEST(Csv, NeedsNoNewlineAtItsEnd) { EXPECT_EQ(parse("x,y\n1,2").cell(0, 1), "2"); }

TEST(Csv, TakesQuotedCells) {
    const Csv csv = parse("\"a, \"\"b\"\"\", y\n\"1\" ,\"2\n3\"\n4,5\n");
    EXPECT_EQ(csv.names(), listed("a, \"b\"", "y"));
    EXPECT_EQ(csv.cell(0, 0), "1");
    EXPECT_EQ(csv.cell(0, 1), "2\n3");
    EXPECT_EQ(csv.line(1), 4U) << "a line within a cell counts";
}

TEST(Csv, MakesNamesThatFitInALineOfText) {
    EXPECT_EQ(parse("\"a\nb\",gr\xc3\xb6\xc3\x9f"
                    "e,caf\xe9,\n1,2,3,4\n")
                  .names(),
              listed("a?b",
                     "gr\xc3\xb6\xc3\x9f"
                     "e",
                     "caf?", "4"));
}

TEST(CsvComplaint, NamesTheLineOfARaggedRow) {
    EXPECT_EQ(complaint_about("x,y\n1,2\n3\n"),
              "a.csv:3: 1 cell where there are 2 columns; every row needs one for each column");
    EXPECT_TRUE(contains(complaint_about("x,y\n1,2,3\n"), "a.csv:2: 3 cells where there are 2"));
    EXPECT_EQ(complaint_about("x,y\n1,2\n\n3,4\n"), "a.csv:3: the line is empty; take it out");
}

TEST(CsvComplaint, NamesTheLineOfAQuoteThatDoesNotEnd) {
    EXPECT_TRUE(contains(complaint_about("x,y\n1,\"2\n3,4\n"), "a.csv:2: a quoted cell"));
    EXPECT_TRUE(contains(complaint_about("x,y\n1,\"2\" 3\n"), "a.csv:2: text after the closing"));
}

TEST(CsvComplaint, IsThatThereIsNothing) {
    EXPECT_TRUE(contains(complaint_about(""), "a.csv is empty"));
    EXPECT_TRUE(contains(complaint_about("\n \n"), "a.csv is empty"));
}

TEST(CsvComplaint, IsWhyTheFileCannotBeRead) {
    EXPECT_TRUE(contains(complaint([] { (void)Csv::read("/nonexistent/a.csv"); }),
                         "cannot read /nonexistent/a.csv: No such file"));
    EXPECT_TRUE(contains(complaint([] { (void)Csv::read("/tmp"); }), "/tmp: Is a directory"));
}

TEST(Columns, AreAllButTheTargetUnlessChosen) {
    const Dataset data = select("a,y,b\n1,2,3\n4,5,6\n");
    EXPECT_EQ(data.features, listed("a", "b"));
    EXPECT_EQ(data.values, listed<float>(1, 3, 4, 6));
    EXPECT_EQ(data.targets, listed<double>(2, 5));
}

TEST(Columns, AreChosenByNameNumberAndRange) {
    const std::string text = "a,b,c,d,y\n1,2,3,4,5\n6,7,8,9,10\n";
    EXPECT_EQ(select(text, "5", {"2..4"}).features, listed("b", "c", "d"));
    EXPECT_EQ(select(text, "y", {"d", "1"}).features, listed("d", "a"));
    EXPECT_EQ(select(text, "y", {"a..c"}).features, listed("a", "b", "c"));
}

TEST(Columns, ThatAreNotChosenMayHoldAnything) {
    EXPECT_EQ(select("a,y,what\n1,2,text\n3,4,\n", "y", {"a"}).rows(), 2U);
}

TEST(ColumnComplaint, NamesFileLineColumnAndCure) {
    EXPECT_EQ(complaint_about("a,b,y\n1,text,2\n3,more,4\n"),
              "a.csv:2: column 2 (b): 'text' is not a number; correct it, or leave the column out: "
              "--features a");
    EXPECT_EQ(complaint_about("a,b,y\n1,2,3\n4,,6\n"),
              "a.csv:3: column 2 (b): the cell is empty; fill it in, or leave the column out: "
              "--features a");
    EXPECT_EQ(complaint_about("a,y\n1,2\n3,high\n"),
              "a.csv:3: column 2 (y): 'high' is not a number; correct it, or choose another "
              "--target");
    EXPECT_TRUE(contains(complaint_about("a,b,y\n1,2,3\n1e39,5,6\n"), "too large for the trees"));
}

TEST(Columns, TakeNumbersTooSmallForADoubleAsNothing) {
    EXPECT_EQ(select("a,y\n1e-400,-1e-400\n+2,+3\n").values, listed<float>(0, 2));
}

TEST(Columns, OfOneNameAreChosenByNumber) {
    const std::string text = "a,a,y\n1,2,3\n4,5,6\n";
    EXPECT_EQ(select(text).values, listed<float>(1, 2, 4, 5)) << "as long as nobody asks for them";
    EXPECT_EQ(select(text, "y", {"2"}).values, listed<float>(2, 5));
    EXPECT_EQ(complaint_about(text, "y", {"a"}),
              "a.csv: columns 1 and 2 are both called 'a'; give the number");
    EXPECT_TRUE(contains(complaint_about(text, "a"), "both called 'a'"));
    EXPECT_FALSE(contains(complaint_about("a,a,y\n1,2,3\n4,5,six\n"), "--features a,a"));
}

TEST(ColumnComplaint, TakesNoWordForANumber) {
    for (const char* text :
         {"nan", "inf", "-inf", "1,5", "0x10", "1e999", "--1", "+-5", "++5", "1 2"}) {
        const std::string file = fmt::format("a,y\n1,2\n\"{}\",4\n", text);
        EXPECT_TRUE(contains(complaint_about(file), "is not a number")) << text;
    }
}

TEST(ColumnComplaint, ShowsNoRubbishOfTheFile) {
    EXPECT_TRUE(contains(complaint_about(fmt::format("a,y\n1,2\n\x01\x1b[31m{:x>99},4\n", "")),
                         "'??[31mxxxxxxxxxxxxxxxxxx...'"));
}

TEST(ColumnComplaint, TellsWhichColumnsThereAre) {
    EXPECT_EQ(complaint_about("a,b\n1,2\n3,4\n"),
              "a.csv: there is no column 'y'; --target takes one of a, b, or its number");
    EXPECT_TRUE(contains(complaint_about("a,b\n1,2\n3,4\n", "3"), "no column '3'"));
    EXPECT_TRUE(contains(complaint_about("a,b\n1,2\n3,4\n", "0"), "no column '0'"));
    EXPECT_TRUE(contains(complaint_about("a,y\n1,2\n3,4\n", "y", {"b"}), "--features takes one"));
    EXPECT_TRUE(contains(complaint_about("a,b,y\n1,2,3\n", "y", {"2..1"}), "upside down"));
}

TEST(ColumnComplaint, SeesOtherSeparators) {
    EXPECT_TRUE(contains(complaint_about("a;y\n1;2\n"), "separated by semicolons"));
    EXPECT_TRUE(contains(complaint_about("a\ty\n1\t2\n"), "separated by tabs"));
}

TEST(ColumnComplaint, IsThatNothingCanBeLearned) {
    EXPECT_TRUE(contains(complaint_about("y\n1\n2\n"), "no column but the target"));
    EXPECT_TRUE(contains(complaint_about("a,y\n1,2\n", "y", {"y"}), "column 2 (y) is the target"));
    EXPECT_TRUE(contains(complaint_about("a,y\n1,2\n", "y", {"a", "1"}), "column 1 (a) twice"));
    EXPECT_TRUE(contains(complaint_about("a,y\n1,2\n"), "has one row"));
    EXPECT_TRUE(contains(complaint_about("a,y\n"), "has no row"));
}

}  // namespace
