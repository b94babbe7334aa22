// A set-user-ID program that gives its rights up for good after init(), for standing_test. Writes
// the user that it runs as, and the one that its tasks run as.
//
//     standing forkserver|spawn

#include <cstdio>
#include <exception>
#include <string_view>

#include <unistd.h>

#include <procpool/procpool.hpp>

namespace mp = procpool;

int main(int argc, char** argv) {
    mp::init(argc, argv);
    if (::geteuid() == ::getuid()) {
        std::puts("no rights");
        return 0;
    }
    if (::setresuid(::getuid(), ::getuid(), ::getuid()) != 0 || argc < 2) {
        return 1;
    }
    try {
        mp::Pool pool{{.processes = 1,
                       .start = std::string_view(argv[1]) == "spawn" ? mp::Start::spawn
                                                                     : mp::Start::forkserver}};
        std::printf("%d %d\n", static_cast<int>(::geteuid()),
                    pool.apply([] { return static_cast<int>(::geteuid()); }));
    } catch (const std::exception& e) {
        std::printf("%s\n", e.what());
    }
}
