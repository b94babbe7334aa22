// Ends while it has a pool, for futures_shutdown_test: exit <how>. What its task writes is a line.

#include <cstdlib>
#include <optional>
#include <string_view>

#include <unistd.h>

#include <procpool/pool.hpp>

namespace {

std::optional<procpool::Pool> pool;  // destroyed at the exit

void write_apple() {
    ::usleep(50'000);
    static_cast<void>(::write(STDOUT_FILENO, "apple\n", 6));
}
void never_end() {
    for (;;) {
        ::pause();
    }
}
void submit_at_the_exit() {
    ::_exit(pool->submit([](int x) { return x * x; }, 6).get());
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view how = argc > 1 ? argv[1] : "";
    pool.emplace(3);
    if (how == "in a handler") {
        std::atexit(submit_at_the_exit);
    } else if (how == "drained") {
        pool->submit(write_apple);
        pool->close();
        pool->join();
    } else {
        pool->submit(never_end);
        if (how == "closed") {
            pool->close();
        }
    }
    std::exit(0);
}
