// The first program of everybody. The start method may be given by its name.

#include <cstdio>
#include <cstring>
#include <exception>

#include <procpool/procpool.hpp>

int main(int argc, char** argv) {
    const char* const start = argc > 1 ? argv[1] : "";
    try {
        if (std::strcmp(start, "init") == 0) {
            procpool::init(argc, argv);
        }
        procpool::Pool pool{2};
        const auto doubled = pool.map([](int i) { return 2 * i; }, {1, 2, 3});
        std::printf("%d\n", doubled[2]);
    } catch (const std::exception& e) {
        std::printf("%s\n", e.what());
    }
}
