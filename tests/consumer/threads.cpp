// A pool of threads, by one word, where the program links procpool::thread_pool.
#include <cstdio>
#include <numeric>
#include <vector>

#include <procpool/procpool.hpp>
#include <procpool/thread_pool.hpp>

namespace {

template <class Pool>
int sum_of_squares(Pool pool) {
    std::vector<int> data(1000);
    std::iota(data.begin(), data.end(), 0);
    const std::vector<int> squares = pool.map([](int x) { return x * x; }, data);
    return std::accumulate(squares.begin(), squares.end(), 0);
}

}  // namespace

int main(int argc, char** argv) {
    procpool::init(argc, argv);
    const int by_threads = sum_of_squares(procpool::ThreadPool(2));
    const int by_processes = sum_of_squares(procpool::Pool(2));
    std::printf("%d %d\n", by_threads, by_processes);
    return by_threads == 332'833'500 && by_processes == by_threads ? 0 : 1;
}
