// What job schedulers and memory checkers count: memory that a process may write, used or not.

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/procpool.hpp>

#include "support/sanitized.hpp"

namespace {

using procpool::Pool;
using procpool::Start;

constexpr std::size_t mib = std::size_t{1} << 20U;

/// The addresses that this process may write.
std::size_t writable_bytes() {
    std::ifstream maps("/proc/self/maps");
    std::size_t sum = 0;
    for (std::string line; std::getline(maps, line);) {
        std::istringstream text(line);
        std::size_t begin = 0;
        std::size_t end = 0;
        char dash = 0;
        std::string rights;
        text >> std::hex >> begin >> dash >> end >> rights;
        sum += rights.size() > 1 && rights[1] == 'w' ? end - begin : 0;
    }
    return sum;
}

class WritableMemory : public testing::TestWithParam<Start> {
protected:
    void SetUp() override {
        if (sanitized) {
            GTEST_SKIP() << "sanitizers reserve memory of their own";
        }
    }
};

TEST_P(WritableMemory, OfTheProgramAndItsWorkersIsThatInUse) {
    const std::size_t before = writable_bytes();
    Pool pool{{.processes = 2, .start = GetParam()}};
    pool.map([](int i) { return i; }, std::vector<int>(1000));
    EXPECT_LT(writable_bytes() - before, 512 * mib);
    EXPECT_LT(pool.apply(writable_bytes), 512 * mib);
}

TEST_P(WritableMemory, GrowsUnderALivePool) {
    Pool pool{{.processes = 2, .start = GetParam()}};
    std::vector<std::string> parts;
    for (const char last : {'a', 'b', 'c', 'd'}) {
        parts.push_back(std::string(24 * mib, '-') + last);
    }
    const auto last = [](const std::string& part) { return part.back(); };
    EXPECT_EQ(pool.map(last, parts), (std::vector{'a', 'b', 'c', 'd'}));
    Pool later{{.processes = 1, .start = GetParam()}};
    EXPECT_EQ(later.map(last, parts), (std::vector{'a', 'b', 'c', 'd'}));
}

INSTANTIATE_TEST_SUITE_P(, WritableMemory, testing::Values(Start::fork, Start::forkserver),
                         [](const auto& test) {
                             return test.param == Start::fork ? "Forked" : "FromTheCleanProcess";
                         });

}  // namespace

int main(int argc, char** argv) {
    procpool::init(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
