// A consumer's first program, built in every way in which procpool can be used.
#include <cstdio>
#include <vector>

#include <procpool/procpool.hpp>

namespace {

double square(double x) { return x * x; }

}  // namespace

int main() {
    procpool::Pool pool{2};
    const std::vector<double> out = pool.map(square, std::vector<double>{1.0, 2.0, 3.0});
    const bool right = out == std::vector<double>{1.0, 4.0, 9.0};
    std::puts(right ? "1 4 9" : "wrong");
    return right ? 0 : 1;
}
