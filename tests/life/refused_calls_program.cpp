// For refused_calls_test: a filter of system calls refuses one of them, with an error; then a pool
// is made, used and ended. Writes "works", or what the library said, and how it ended.
//
//     refused_calls NUMBER ERROR [init]

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <procpool/procpool.hpp>

namespace mp = procpool;
using namespace std::chrono_literals;

namespace {

bool refuse(unsigned call, unsigned error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{sizeof filter / sizeof *filter, filter};
    // By syscall(): prctl may be what is refused from here on.
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

int task(int x) {
    if (x == 3) {
        ::_exit(1);
    }
    if (x == 5) {
        ::pause();
    }
    return 2 * x;
}

void use(mp::Pool& pool) {
    const std::vector<int> numbers{0, 1, 2, 3, 4, 5, 6, 7};
    const auto outcomes = pool.try_map(task, numbers, {.timeout = 300ms});
    for (const int x : numbers) {
        const auto& outcome = outcomes.at(static_cast<std::size_t>(x));
        if (outcome.has_value() != (x != 3 && x != 5) || (outcome && *outcome != 2 * x)) {
            std::printf("item %d: %s\n", x,
                        outcome ? "a value" : outcome.error().message().c_str());
        }
    }
    pool.close();
    pool.join();
    std::puts("works");
}

}  // namespace

int main(int argc, char** argv) {
    ::alarm(20);  // a hang ends it
    const auto call = static_cast<unsigned>(std::atoi(argv[1]));
    if (!refuse(call, static_cast<unsigned>(std::atoi(argv[2])))) {
        std::puts("no filter");
        return 0;
    }
    try {
        if (argc > 3) {
            mp::init(argc, argv);
        }
        mp::Pool pool{2};
        use(pool);
    } catch (const std::exception& e) {
        std::printf("refused: %s\n", e.what());
    }
}
