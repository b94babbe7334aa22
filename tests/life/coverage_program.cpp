// Compiled with --coverage, for orderly_end_test: only its workers may write what was counted.

#include <vector>

#include <unistd.h>

#include <procpool/pool.hpp>

namespace {

int twice(int x) { return 2 * x; }

}  // namespace

int main() {
    procpool::Pool pool{2};
    pool.map(twice, std::vector<int>(1000));
    pool.close();
    pool.join();
    ::_exit(0);
}
