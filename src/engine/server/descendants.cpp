#include "engine/server/descendants.hpp"

#include <csignal>
#include <optional>
#include <vector>

#include "engine/server/limits.hpp"
#include "os/clock.hpp"
#include "os/polling.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

std::uint64_t Descendants::next_look(std::uint64_t now) const {
    return left_ ? now + orphan_interval : never;
}

void Descendants::kill(std::uint64_t until) {
    for (;;) {
        const std::optional<std::vector<pid_t>> children = handles_.children.find();
        left_ = !children;  // look again
        for (const pid_t child : children.value_or(std::vector<pid_t>{})) {
            if (is_descendant(child)) {
                os::send_signal(child, SIGKILL);
                // Look again in any case: what it had started becomes a child of this process.
                left_ = true;
                os::reap_if_ended(child);
            }
        }
        if (!left_ || os::now_ns() > until) {
            return;
        }
        os::wait_readable({handles_.signals.get()}, 1);
        handles_.read_signals();
    }
}

bool Descendants::is_descendant(pid_t child) const {
    // What is no child of this process may be anybody's, whatever /proc says.
    return child != spare_.pid() && !places_.find(child) && !places_.is_written_off(child) &&
           os::is_child(child);
}

void Descendants::kill_left() {
    if (left_) {
        kill(0);
    }
}

void Descendants::kill_all(std::uint64_t until) {
    for (kill(until); left_ && os::now_ns() < until; kill(until)) {
        while (const pid_t pid = os::next_ended_child()) {
            os::reap(pid);
        }
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
