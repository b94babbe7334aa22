#include <csignal>

#include "../children.hpp"
#include "../measure.hpp"
#include "private_memory.hpp"

using namespace std::chrono_literals;

/// A forked child that only waits: the least that a process costs.
int main() {
    std::vector<double> samples;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        children.push_back(bench::fork_child([] {
            for (;;) {
                ::pause();
            }
        }));
    }
    std::this_thread::sleep_for(100ms);
    for (const pid_t child : children) {
        samples.push_back(bench::private_memory(child));
    }
    for (const pid_t child : children) {
        ::kill(child, SIGKILL);
        bench::wait_for(child);
    }
    bench::report(samples, "B");
}
