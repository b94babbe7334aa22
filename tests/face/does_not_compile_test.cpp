// procpool_test: TIMEOUT 600
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// Wrong programs, each refused by the compiler in words that name the cure.

namespace {

namespace fs = std::filesystem;

const fs::path here = fs::path(PROCPOOL_TESTS) / "face";

std::vector<std::string> programs() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(here / "does_not_compile")) {
        if (entry.path().extension() == ".cpp") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string quoted(const std::string& word) { return "'" + word + "'"; }

class DoesNotCompile : public testing::TestWithParam<std::string> {};

TEST_P(DoesNotCompile, AndSaysWhy) {
    const char* const compiler = std::getenv("CXX");
    const std::string command = quoted((here / "does_not_compile" / "check").string()) + " " +
                                quoted((here / "../../include").string()) + " " +
                                quoted(compiler != nullptr ? compiler : "c++") + " " +
                                quoted(GetParam() + ".cpp");
    EXPECT_EQ(std::system(command.c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Programs, DoesNotCompile, testing::ValuesIn(programs()),
                         [](const auto& each) { return each.param; });

}  // namespace
