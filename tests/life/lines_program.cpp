// Tasks that print lines, on both streams and in both ways, for output_test. With an argument: one
// that crashes behind half a line.

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>

#include <procpool/pool.hpp>

namespace {

int print(int worker) {
    const std::string half(50, static_cast<char>('a' + worker));
    for (int line = 0; line < 500; ++line) {
        if (worker % 2 == 0) {
            std::cout << half << half << '\n';
            std::cerr << half << half << '\n';
        } else {
            std::printf("%s%s\n", half.c_str(), half.c_str());
            std::fputs(half.c_str(), stderr);
            std::fprintf(stderr, "%s\n", half.c_str());
        }
    }
    return 0;
}

int crash(int x) {
    std::cerr << "before the crash";
    std::raise(SIGSEGV);
    return x;
}

}  // namespace

int main(int argc, char** /*argv*/) {
    procpool::Pool pool{4};
    if (argc > 1) {
        static_cast<void>(pool.try_apply(crash, 1));
    } else {
        pool.map(print, {0, 1, 2, 3}, {.chunksize = 1});
    }
}
