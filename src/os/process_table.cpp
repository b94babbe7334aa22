#include "os/process_table.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// The kernel nests no more.
constexpr std::size_t most_namespaces = 33;

/// The numbers of a process, from the namespace of /proc to its own one; zeroes behind them. All
/// zeroes when /proc does not tell.
std::array<pid_t, most_namespaces + 1> numbers_of(const char* number) noexcept {
    std::array<pid_t, most_namespaces + 1> numbers{};
    std::array<char, 64> path{};
    std::array<char, 4096> text{};
    std::snprintf(path.data(), path.size(), "/proc/%s/status", number);
    if (read_file(path.data(), text.data(), text.size() - 1) <= 0) {
        return numbers;
    }
    const char* at = std::strstr(text.data(), "\nNSpid:");
    if (at == nullptr) {
        return numbers;
    }
    at += std::strlen("\nNSpid:");
    for (std::size_t i = 0; i < most_namespaces && *at == '\t'; ++i) {
        char* end = nullptr;
        numbers[i] = static_cast<pid_t>(std::strtol(at, &end, 10));
        at = end;
    }
    return numbers;
}

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
    state.number = static_cast<pid_t>(std::strtol(text.data(), nullptr, 10));
    if (after_name == nullptr ||
        std::sscanf(
            after_name + 1,
            " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %" SCNu64,
            &state.state, &state.parent, &state.group, &state.threads, &state.started) != 5) {
        return std::nullopt;
    }
    if (const char* const name = std::strchr(text.data(), '('); name < after_name) {
        const std::string_view whole(name + 1, static_cast<std::size_t>(after_name - name - 1));
        std::ranges::copy(whole.substr(0, state.name.size() - 1), state.name.begin());
    }
    return state;
}

std::optional<ProcessState> state_of_process(pid_t number) noexcept {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%d", number);
    return state_of_process(name.data());
}

std::optional<std::size_t> depth_below_table() noexcept {
    const auto numbers = numbers_of("self");
    // A kernel without PID namespaces does not list them.
    if (numbers[0] == 0) {
        std::array<char, 16> self{};
        const bool same = ::readlink("/proc/self", self.data(), self.size() - 1) > 0 &&
                          std::strtol(self.data(), nullptr, 10) == own_pid();
        return same ? std::optional<std::size_t>(0) : std::nullopt;
    }
    const auto last = std::find(numbers.begin(), numbers.end(), 0) - 1;
    return *last == own_pid() ? std::optional(static_cast<std::size_t>(last - numbers.begin()))
                              : std::nullopt;
}

pid_t number_here(pid_t in_table, std::size_t depth) noexcept {
    if (depth == 0) {
        return in_table;
    }
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%d", in_table);
    return depth < most_namespaces ? numbers_of(name.data())[depth] : 0;
}

pid_t own_number_of(pid_t in_table) noexcept {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%d", in_table);
    const auto numbers = numbers_of(name.data());
    return *(std::find(numbers.begin() + 1, numbers.end(), 0) - 1);
}

RunState run_state(pid_t pid) noexcept {
    if (depth_below_table() != std::size_t{0}) {
        return RunState::running;
    }
    const std::optional<ProcessState> state = state_of_process(pid);
    if (!state) {
        return RunState::gone;
    }
    return state->state == 'T' ? RunState::stopped : RunState::running;
}

bool is_uninterruptible(pid_t pid) noexcept {
    const auto state = depth_below_table() == std::size_t{0} ? state_of_process(pid) : std::nullopt;
    return !state || state->state == 'D';
}

std::size_t private_memory_of(pid_t in_table) noexcept {
    std::array<char, 64> path{};
    std::array<char, 2048> text{};
    std::snprintf(path.data(), path.size(), "/proc/%d/smaps_rollup", in_table);
    if (read_file(path.data(), text.data(), text.size() - 1) <= 0) {
        return 0;
    }
    std::size_t bytes = 0;
    for (const char* const name : {"\nPrivate_Clean:", "\nPrivate_Dirty:"}) {
        if (const char* const at = std::strstr(text.data(), name)) {
            bytes += std::strtoul(at + std::strlen(name), nullptr, 10) * 1024;
        }
    }
    return bytes;
}

std::vector<ProcessState> processes_in_table() {
    std::vector<ProcessState> processes;
    const Directory proc(::opendir("/proc"));
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        char* end = nullptr;
        const long pid = std::strtol(entry->d_name, &end, 10);
        if (*end != '\0' || pid <= 0) {
            continue;
        }
        if (const std::optional<ProcessState> state = state_of_process(entry->d_name)) {
            processes.push_back(*state);
        }
    }
    return processes;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
