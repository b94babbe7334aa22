#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/server/places.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The deadlines of the items that run in jobs with a timeout: workers that are overdue are
/// condemned and killed (docs/protocol.md, part 6). Time that the workers spend stopped does not
/// count.
class Deadlines {
public:
    Deadlines(const Layout& layout, const Places& places);

    /// Whether any job had a timeout at the last look.
    [[nodiscard]] bool any() const;
    /// When the earliest possible deadline comes.
    [[nodiscard]] std::uint64_t next_look() const;
    /// Condemns and kills overdue workers, and tells the client when the next look is.
    void look();

    /// The workers are about to be stopped: until they continue, none is overdue.
    void pause(std::uint64_t now);
    /// They are about to continue: the time they lost is added to their deadlines.
    void resume(std::uint64_t now);
    [[nodiscard]] bool paused() const { return paused_at_ != 0; }

private:
    /// For how long an item of a place was stopped.
    struct Stop {
        std::uint64_t item = 0;  // when it started
        std::uint64_t ns = 0;
    };
    [[nodiscard]] std::uint64_t stopped_time(int worker, std::uint64_t started) const;
    [[nodiscard]] std::uint64_t look_at(int worker, std::uint64_t now) const;

    const Layout& layout_;
    const Places& places_;
    std::vector<Stop> stops_;
    std::uint64_t paused_at_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
