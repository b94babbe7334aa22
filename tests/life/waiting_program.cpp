// For forking_test: says what wait() finds in a program that makes pools.
//
//     waiting alone|threads [killed]
//
// It adopts orphans, as the first process of a container does. "killed": its fork server is.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <procpool/pool.hpp>

int main(int argc, char** argv) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (std::strcmp(argv[1], "threads") == 0) {
        std::thread([] { ::pause(); }).detach();
    }
    {
        procpool::Pool pool{{.processes = 2, .start = procpool::Start::fork}};
        std::printf("%d", pool.apply([](int i) { return 2 * i; }, 3));
        if (argc > 2) {
            ::kill(pool.apply([] { return ::getppid(); }), SIGKILL);
            try {
                pool.apply([] {});
            } catch (const procpool::PoolBroken&) {
            }
        }
    }
    const pid_t found = ::waitpid(-1, nullptr, WNOHANG);
    std::printf(" %s\n", found == -1 && errno == ECHILD ? "nothing" : "a child");
    std::fflush(stdout);
    ::_exit(0);
}
