// A program whose parts use two versions of procpool, FIRST and SECOND.
#include <atomic>
#include <cstdio>
#include <thread>

#include "user.hpp"

USER_OF(FIRST)
USER_OF(SECOND)

namespace {

bool nothing() { return true; }
bool first_works() { return FIRST::works(nothing); }
bool second_works() { return SECOND::works(nothing); }

bool both_work() {
    return FIRST::works(second_works) && SECOND::works(first_works) &&
           FIRST::works_in_a_worker(second_works) && SECOND::works_in_a_worker(first_works);
}

}  // namespace

int main(int argc, char** argv) {
    const bool alone = both_work();
    // Processes are started in another way after init(), and while there are threads.
    FIRST::init(argc, argv);
    SECOND::init(argc, argv);
    const bool after_init = both_work();
    std::atomic<bool> done{false};
    std::thread thread([&] { done.wait(false); });
    const bool with_threads = both_work();
    done = true;
    done.notify_one();
    thread.join();
    std::printf("alone %d, after init %d, with threads %d\n", alone, after_init, with_threads);
    return alone && after_init && with_threads ? 0 : 1;
}
