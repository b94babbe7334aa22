// Prints with a stream buffer of its own, for output_test: every text must come out once.

#include <iostream>
#include <vector>

#include <procpool/pool.hpp>

int main() {
    std::ios::sync_with_stdio(false);
    std::cout << "header ";
    {
        procpool::Pool pool{2};
        pool.for_each([](int) { std::cout << "item "; }, std::vector<int>(10));
    }
    std::cout << "end\n";
}
