// procpool_test: TIMEOUT 180
// A task writes over one word of the memory that its worker can write: at most that item fails, the
// pool works on, and nothing hangs, the destructor included (docs/protocol.md, part 7). A sample:
// scribble_word_soak_test.cpp tries all of it.

#include "scribble_word.hpp"

#include <gtest/gtest.h>

namespace engine_test {
namespace {

TEST(ScribbleWord, CostsAtMostThatItem) {
    const std::vector<Scribbling> all = scribblings();
    for (std::size_t i = 0; i < all.size(); i += 37) {
        const auto fault = fault_after(all[i]);
        EXPECT_FALSE(fault) << all[i].name() << ": " << *fault;
    }
}

}  // namespace
}  // namespace engine_test
