#include "os/memory_kills.hpp"

#include <limits>
#include <new>
#include <string_view>

#include "os/cgroup.hpp"
#include "os/file.hpp"
#include "os/text.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// The number in the line "oom_kill <number>".
std::optional<std::uint64_t> MemoryKills::count() const {
    constexpr std::string_view name = "oom_kill ";
    const auto text = contents(file_);
    if (!text) {
        return std::nullopt;
    }
    for (const std::string_view line : split(*text, '\n')) {
        if (line.starts_with(name)) {
            return number<std::uint64_t>(trimmed(line.substr(name.size())));
        }
    }
    return std::nullopt;
}

void MemoryKills::note() noexcept {
    seen_ = std::numeric_limits<std::uint64_t>::max();  // nothing is more
    try {
        for (const ControlGroup& group : control_groups(root_, "memory")) {
            file_ = group.directory + (group.version_2 ? "/memory.events" : "/memory.oom_control");
            if (const auto now = count()) {
                seen_ = now;
                return;
            }
        }
        file_ = root_ + "/proc/vmstat";
        if (const auto now = count()) {
            seen_ = now;
        }
    } catch (const std::bad_alloc&) {
        // Then nothing is known of its kills.
    }
}

bool MemoryKills::explain_one() noexcept {
    try {
        const auto now = seen_ ? count() : std::nullopt;
        if (now && *now > *seen_) {
            ++*seen_;
            return true;
        }
    } catch (const std::bad_alloc&) {
        return false;
    }
    return false;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
