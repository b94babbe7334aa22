// The headers of procpool after macros that C headers define: I is that of <complex.h>, and
// programs define others of one letter.
#define I (__extension__ 1.0iF)
#define J 1
#define K 2

#include <procpool/cereal.hpp>
#include <procpool/procpool.hpp>

#undef I
#undef J
#undef K

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

struct Many {
    std::string a, b, c;
};

TEST(Macros, OfOneLetterDoNotHurt) {
    procpool::Pool pool{1};
    const auto joined = pool.map([](const Many& many) { return many.a + many.b + many.c; },
                                 std::vector<Many>{{"x", "y", "z"}});
    EXPECT_EQ(joined.at(0), "xyz");
}

}  // namespace
