#pragma once

#include <cstdint>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/server/handles.hpp"
#include "engine/server/places.hpp"
#include "engine/server/spare.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The processes that tasks started and left behind. A live worker adopts its own; when it dies
/// they become children of the fork server, which kills every child that is not a worker
/// (docs/protocol.md, part 8).
class Descendants {
public:
    Descendants(Handles& handles, const Places& places, const Spare& spare)
        : handles_(handles), places_(places), spare_(spare) {}

    [[nodiscard]] std::uint64_t next_look(std::uint64_t now) const;
    /// A descendant has ended, so what it had started is a child of this process now. A later turn
    /// looks at it.
    void note_death() { left_ = true; }
    /// May there be some that have not ended?
    [[nodiscard]] bool any_left() const { return left_; }
    /// Kills those that are children of this process. Waits until `until` for their end; a later
    /// turn looks at those that are left.
    void kill(std::uint64_t until);
    /// Kills those that are left from earlier turns. Does not wait.
    void kill_left();
    /// Kills and reaps them until none is left, or until `until`.
    void kill_all(std::uint64_t until);

private:
    [[nodiscard]] bool is_descendant(pid_t child) const;

    Handles& handles_;
    const Places& places_;
    const Spare& spare_;
    bool left_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
