// A program that, started anew for Start::spawn, ends before it reaches init(), for start_test.
// Exits with 0 if that was told as it should be.

#include <cstring>
#include <iostream>
#include <system_error>

#include <procpool/procpool.hpp>

int main(int argc, char** argv) {
    if (argc > 1 && std::strncmp(argv[1], "--procpool", 10) == 0) {
        return 3;
    }
    procpool::init(argc, argv);
    try {
        procpool::Pool pool{{.processes = 1, .start = procpool::Start::spawn}};
    } catch (const std::system_error& e) {
        std::cout << e.what() << std::endl;
        return 0;
    }
    return 1;
}
