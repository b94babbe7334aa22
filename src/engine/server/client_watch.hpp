#pragma once

#include <cstdint>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/server/deadlines.hpp"
#include "engine/server/places.hpp"
#include "engine/shared/layout.hpp"
#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Checks from time to time whether the client is stopped. Ctrl-Z stops the client's process group;
/// the workers are in groups of their own, and are stopped from here (docs/protocol.md, part 6).
class ClientWatch {
public:
    ClientWatch(const Layout& layout, pid_t client, const Places& places, Deadlines& deadlines)
        : layout_(layout), client_(client), places_(places), deadlines_(deadlines) {}

    /// The client poked: it has work, which may be done before this is checked. More may follow.
    void note_work() { last_work_ = os::now_ns(); }
    [[nodiscard]] std::uint64_t next_look(std::uint64_t now) const;
    /// Stops the workers and pauses their deadlines if the client is stopped, and continues them
    /// with it.
    void follow_stops();

private:
    [[nodiscard]] bool has_work() const;
    void decide_to_watch();

    const Layout& layout_;
    pid_t client_;
    const Places& places_;
    Deadlines& deadlines_;  // paused while the client is stopped
    bool watching_ = true;
    std::uint64_t last_work_ = os::now_ns();
    std::uint64_t last_look_ = os::now_ns();
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
