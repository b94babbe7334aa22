// Every word that a worker can write, with every value that might be right, and every ending of the
// task: see scribble_word_test.cpp.

#include <iostream>

#include <gtest/gtest.h>

#include "scribble_word.hpp"

namespace engine_test {
namespace {

class ScribbleEveryWord : public testing::TestWithParam<std::size_t> {};

TEST_P(ScribbleEveryWord, CostsAtMostThatItem) {
    const auto [area, word] = scribbled_words()[GetParam()];
    std::size_t trials = 0;
    for (const Scribbling& what : scribblings()) {
        if (what.area == area && what.word == word) {
            const auto fault = fault_after(what);
            EXPECT_FALSE(fault) << what.name() << ": " << *fault;
            ++trials;
        }
    }
    std::cout << "    " << trials << " scribbles\n";
}

INSTANTIATE_TEST_SUITE_P(Engine, ScribbleEveryWord,
                         testing::Range(std::size_t{0}, scribbled_words().size()));

}  // namespace
}  // namespace engine_test
