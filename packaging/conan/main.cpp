#include <cstdio>
#include <vector>

#include <procpool/procpool.hpp>

int main() {
    procpool::Pool pool{2};
    const std::vector<int> out = pool.map([](int x) { return x * x; }, std::vector<int>{1, 2, 3});
    std::puts(out == std::vector<int>{1, 4, 9} ? "ok" : "wrong");
    return out == std::vector<int>{1, 4, 9} ? 0 : 1;
}
