#include "engine/worker/leftovers.hpp"

#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void Leftovers::look() {
    if (!os::has_ended_child_of_thread()) {
        return;
    }
    const std::uint64_t now = os::now_ns();
    next_look_ = now + interval;
    try {
        const std::optional<std::vector<pid_t>> children = os::Children().find();
        std::map<pid_t, std::uint64_t> seen;
        for (const pid_t child : children.value_or(std::vector<pid_t>())) {
            if (!os::is_ended_child(child)) {
                continue;
            }
            const auto known = seen_.find(child);
            const std::uint64_t since = known == seen_.end() ? now : known->second;
            if (os::left_session(child) || now - since >= patience) {
                os::reap_if_ended(child);
            } else {
                seen.emplace(child, since);
            }
        }
        seen_ = std::move(seen);
    } catch (const std::bad_alloc&) {
        // At another look there may be memory.
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
