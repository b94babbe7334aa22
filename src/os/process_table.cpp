#include "os/process_table.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <dirent.h>

#include "os/file.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace

std::optional<ProcessState> state_of_process(const char* number) noexcept {
    std::array<char, 64> path{};
    std::array<char, 1024> text{};
    std::snprintf(path.data(), path.size(), "/proc/%s/stat", number);
    if (read_file(path.data(), text.data(), text.size() - 1) <= 0) {
        return std::nullopt;
    }
    // The name is in parentheses and may hold anything, so the fields are counted from its last
    // one.
    const char* const after_name = std::strrchr(text.data(), ')');
    ProcessState state;
    if (after_name == nullptr ||
        std::sscanf(after_name + 1,
                    " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
                    &state.state, &state.parent, &state.threads) != 3) {
        return std::nullopt;
    }
    return state;
}

RunState run_state(pid_t pid) noexcept {
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "%d", pid);
    const std::optional<ProcessState> state = state_of_process(number.data());
    if (!state) {
        return RunState::gone;
    }
    return state->state == 'T' ? RunState::stopped : RunState::running;
}

std::vector<pid_t> children_in_table(pid_t parent) {
    std::vector<pid_t> children;
    const Directory proc(::opendir("/proc"));
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        char* end = nullptr;
        const long pid = std::strtol(entry->d_name, &end, 10);
        if (*end != '\0' || pid <= 0) {
            continue;
        }
        const std::optional<ProcessState> state = state_of_process(entry->d_name);
        if (state && state->parent == parent) {
            children.push_back(static_cast<pid_t>(pid));
        }
    }
    return children;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
