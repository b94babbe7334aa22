// For forking_test: a program with threads, in which a library's handler starts a thread again
// after every fork. Makes a pool and uses it. Writes how many handlers ran in a process that is not
// the program's and shares its memory, and what came of the pool.

#include <atomic>
#include <cstdio>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include <procpool/pool.hpp>

namespace {

pid_t program = 0;
std::atomic<int> elsewhere{0};

void count_elsewhere() {
    if (::getpid() != program) {
        ++elsewhere;
    }
}

void start_thread_again() {
    count_elsewhere();
    std::thread([] { ::pause(); }).detach();
}

}  // namespace

int main() {
    program = ::getpid();
    ::pthread_atfork(count_elsewhere, start_thread_again, nullptr);
    std::thread([] { ::pause(); }).detach();
    procpool::Pool pool{{.processes = 2, .start = procpool::Start::fork}};
    const int doubled = pool.apply([](int i) { return 2 * i; }, 3);
    std::printf("%d elsewhere, %d\n", elsewhere.load(), doubled);
    std::fflush(stdout);
    ::_exit(0);
}
