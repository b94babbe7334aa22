#include "../children.hpp"
#include "../measure.hpp"

/// As many processes as a pool of two has with its fork server, doing nothing.
int main(int argc, char** argv) {
    bench::report(bench::measure(bench::plan(argc, argv, {.samples = 100, .warmup = 5}), [] {
        pid_t children[3];
        for (pid_t& child : children) {
            child = bench::fork_child([] {});
        }
        for (const pid_t child : children) {
            bench::wait_for(child);
        }
    }));
}
