// The first program of everybody, with the start method for debuggers and memory checkers.

#include <cstdio>
#include <vector>

#include <procpool/pool.hpp>

int main() {
    procpool::Pool pool{{.start = procpool::Start::in_caller}};
    const auto doubled = pool.map([](int i) { return 2 * i; }, {1, 2, 3});
    std::printf("%d\n", doubled[2]);
}
