// Kills a worker after every single instruction of each path through docs/protocol.md, prints how
// many there were, and exits with 1 if anything was wrong, with 77 if ptrace is not permitted:
//
//   every_instruction_step [path...]

#include <cstdio>
#include <cstring>
#include <string_view>

#include "every_instruction.hpp"

int main(int argc, char** argv) {
    using namespace engine_test::stepping;
    std::size_t kills = 0;
    bool clean = true;
    for (const Path& which : paths) {
        bool wanted = argc < 2;
        for (int i = 1; i < argc; ++i) {
            wanted = wanted || std::string_view(argv[i]) == which.name;
        }
        if (!wanted) {
            continue;
        }
        const Report report = Runs(which).run({});
        if (report.no_permission != 0) {
            std::printf("ptrace is not permitted: %s\n", std::strerror(report.no_permission));
            return 77;
        }
        print(which, report);
        kills += report.kills;
        clean = clean && report.problem.empty();
    }
    std::printf("%zu kills\n", kills);
    return clean ? 0 : 1;
}
