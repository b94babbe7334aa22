// What is read of a file, and what is said of a file that cannot be used.

#include "forest/csv.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "forest/dataset.hpp"
#include "tool/exit.hpp"

namespace {

using forest::Csv;
using forest::Dataset;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
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
        EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
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
    EXPECT_THAT(csv.names(), ElementsAre("x", "y"));
    ASSERT_EQ(csv.rows(), 2U);
    EXPECT_EQ(csv.cell(1, 0), "3");
    EXPECT_EQ(csv.line(1), 3U);
}

TEST(Csv, WithoutNamesNumbersItsColumns) {
    const Csv csv = parse("1,2\n3,4\n");
    EXPECT_THAT(csv.names(), ElementsAre("1", "2"));
    EXPECT_EQ(csv.rows(), 2U);
}

TEST(Csv, TakesTheLineEndsBlanksAndMarksOfOtherPrograms) {
    const Csv csv = parse("\xef\xbb\xbfx , y\r\n 1 ,\t2 \r\n3,4\r\n\r\n");
    EXPECT_THAT(csv.names(), ElementsAre("x", "y"));
    ASSERT_EQ(csv.rows(), 2U);
    EXPECT_EQ(csv.cell(0, 0), "1");
    EXPECT_EQ(csv.cell(0, 1), "2");
    EXPECT_EQ(csv.cell(1, 1), "4");
}

TEST(Csv, NeedsNoNewlineAtItsEnd) { EXPECT_EQ(parse("x,y\n1,2").cell(0, 1), "2"); }

TEST(Csv, TakesQuotedCells) {
    const Csv csv = parse("\"a, \"\"b\"\"\", y\n\"1\" ,\"2\n3\"\n4,5\n");
    EXPECT_THAT(csv.names(), ElementsAre("a, \"b\"", "y"));
    EXPECT_EQ(csv.cell(0, 0), "1");
    EXPECT_EQ(csv.cell(0, 1), "2\n3");
    EXPECT_EQ(csv.line(1), 4U) << "a line within a cell counts";
}

TEST(Csv, MakesNamesThatFitInALineOfText) {
    EXPECT_THAT(parse("\"a\nb\",gr\xc3\xb6\xc3\x9f"
                      "e,caf\xe9,\n1,2,3,4\n")
                    .names(),
                ElementsAre("a?b",
                            "gr\xc3\xb6\xc3\x9f"
                            "e",
                            "caf?", "4"));
}

TEST(CsvComplaint, NamesTheLineOfARaggedRow) {
    EXPECT_EQ(complaint_about("x,y\n1,2\n3\n"),
              "a.csv:3: 1 cell where there are 2 columns; every row needs one for each column");
    EXPECT_THAT(complaint_about("x,y\n1,2,3\n"), HasSubstr("a.csv:2: 3 cells where there are 2"));
    EXPECT_EQ(complaint_about("x,y\n1,2\n\n3,4\n"), "a.csv:3: the line is empty; take it out");
}

TEST(CsvComplaint, NamesTheLineOfAQuoteThatDoesNotEnd) {
    EXPECT_THAT(complaint_about("x,y\n1,\"2\n3,4\n"), HasSubstr("a.csv:2: a quoted cell"));
    EXPECT_THAT(complaint_about("x,y\n1,\"2\" 3\n"), HasSubstr("a.csv:2: text after the closing"));
}

TEST(CsvComplaint, IsThatThereIsNothing) {
    EXPECT_THAT(complaint_about(""), HasSubstr("a.csv is empty"));
    EXPECT_THAT(complaint_about("\n \n"), HasSubstr("a.csv is empty"));
}

TEST(CsvComplaint, IsWhyTheFileCannotBeRead) {
    EXPECT_THAT(complaint([] { (void)Csv::read("/nonexistent/a.csv"); }),
                HasSubstr("cannot read /nonexistent/a.csv: No such file"));
    EXPECT_THAT(complaint([] { (void)Csv::read("/tmp"); }), HasSubstr("/tmp: Is a directory"));
}

TEST(Columns, AreAllButTheTargetUnlessChosen) {
    const Dataset data = select("a,y,b\n1,2,3\n4,5,6\n");
    EXPECT_THAT(data.features, ElementsAre("a", "b"));
    EXPECT_THAT(data.values, ElementsAre(1, 3, 4, 6));
    EXPECT_THAT(data.targets, ElementsAre(2, 5));
}

TEST(Columns, AreChosenByNameNumberAndRange) {
    const std::string text = "a,b,c,d,y\n1,2,3,4,5\n6,7,8,9,10\n";
    EXPECT_THAT(select(text, "5", {"2..4"}).features, ElementsAre("b", "c", "d"));
    EXPECT_THAT(select(text, "y", {"d", "1"}).features, ElementsAre("d", "a"));
    EXPECT_THAT(select(text, "y", {"a..c"}).features, ElementsAre("a", "b", "c"));
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
    EXPECT_THAT(complaint_about("a,b,y\n1,2,3\n1e39,5,6\n"), HasSubstr("too large for the trees"));
}

TEST(Columns, TakeNumbersTooSmallForADoubleAsNothing) {
    EXPECT_THAT(select("a,y\n1e-400,-1e-400\n+2,+3\n").values, ElementsAre(0, 2));
}

TEST(Columns, OfOneNameAreChosenByNumber) {
    const std::string text = "a,a,y\n1,2,3\n4,5,6\n";
    EXPECT_THAT(select(text).values, ElementsAre(1, 2, 4, 5)) << "as long as nobody asks for them";
    EXPECT_THAT(select(text, "y", {"2"}).values, ElementsAre(2, 5));
    EXPECT_EQ(complaint_about(text, "y", {"a"}),
              "a.csv: columns 1 and 2 are both called 'a'; give the number");
    EXPECT_THAT(complaint_about(text, "a"), HasSubstr("both called 'a'"));
    EXPECT_THAT(complaint_about("a,a,y\n1,2,3\n4,5,six\n"), Not(HasSubstr("--features a,a")));
}

TEST(ColumnComplaint, TakesNoWordForANumber) {
    for (const char* text :
         {"nan", "inf", "-inf", "1,5", "0x10", "1e999", "--1", "+-5", "++5", "1 2"}) {
        const std::string file = fmt::format("a,y\n1,2\n\"{}\",4\n", text);
        EXPECT_THAT(complaint_about(file), HasSubstr("is not a number")) << text;
    }
}

TEST(ColumnComplaint, ShowsNoRubbishOfTheFile) {
    EXPECT_THAT(complaint_about(fmt::format("a,y\n1,2\n\x01\x1b[31m{:x>99},4\n", "")),
                HasSubstr("'??[31mxxxxxxxxxxxxxxxxxx...'"));
}

TEST(ColumnComplaint, TellsWhichColumnsThereAre) {
    EXPECT_EQ(complaint_about("a,b\n1,2\n3,4\n"),
              "a.csv: there is no column 'y'; --target takes one of a, b, or its number");
    EXPECT_THAT(complaint_about("a,b\n1,2\n3,4\n", "3"), HasSubstr("no column '3'"));
    EXPECT_THAT(complaint_about("a,b\n1,2\n3,4\n", "0"), HasSubstr("no column '0'"));
    EXPECT_THAT(complaint_about("a,y\n1,2\n3,4\n", "y", {"b"}), HasSubstr("--features takes one"));
    EXPECT_THAT(complaint_about("a,b,y\n1,2,3\n", "y", {"2..1"}), HasSubstr("upside down"));
}

TEST(ColumnComplaint, SeesOtherSeparators) {
    EXPECT_THAT(complaint_about("a;y\n1;2\n"), HasSubstr("separated by semicolons"));
    EXPECT_THAT(complaint_about("a\ty\n1\t2\n"), HasSubstr("separated by tabs"));
}

TEST(ColumnComplaint, IsThatNothingCanBeLearned) {
    EXPECT_THAT(complaint_about("y\n1\n2\n"), HasSubstr("no column but the target"));
    EXPECT_THAT(complaint_about("a,y\n1,2\n", "y", {"y"}), HasSubstr("column 2 (y) is the target"));
    EXPECT_THAT(complaint_about("a,y\n1,2\n", "y", {"a", "1"}), HasSubstr("column 1 (a) twice"));
    EXPECT_THAT(complaint_about("a,y\n1,2\n"), HasSubstr("has one row"));
    EXPECT_THAT(complaint_about("a,y\n"), HasSubstr("has no row"));
}

}  // namespace
