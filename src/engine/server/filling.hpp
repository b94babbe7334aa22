#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/server/deadlines.hpp"
#include "engine/server/handles.hpp"
#include "engine/server/places.hpp"
#include "engine/server/pool_report.hpp"
#include "engine/server/spare.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Puts processes into vacant places: the spare, or one forked for it.
class Filling {
public:
    Filling(const Layout& layout, Handles& handles, Places& places, Spare& spare,
            const Deadlines& deadlines, PoolReport& report)
        : layout_(layout),
          handles_(handles),
          places_(places),
          spare_(spare),
          deadlines_(deadlines),
          report_(report) {}

    /// Puts a new process into a vacant place. False and errno when it cannot be forked.
    [[nodiscard]] bool fill(int worker);
    /// When a vacant place is filled, `never` if there is none.
    [[nodiscard]] std::uint64_t next_look(std::uint64_t now) const;
    /// Fills a vacant place, or forks a spare if there is none: one fork a look, for in a client
    /// with much memory it takes milliseconds, and deadlines and the client are looked at
    /// meanwhile. What cannot be forked is tried again later; when that goes on for too long, and
    /// somebody needs it, the pool is broken.
    void fill_vacancy();
    /// Has a spare ready for the next death.
    void keep_spare();

private:
    void fill_with_spare(int worker);
    [[nodiscard]] bool fill_with_fork(int worker);
    void note_failure(std::uint64_t now, int error);
    [[nodiscard]] bool is_needed(int worker) const;
    [[nodiscard]] bool wants_spare() const;

    const Layout& layout_;
    Handles& handles_;
    Places& places_;
    Spare& spare_;
    const Deadlines& deadlines_;
    PoolReport& report_;
    std::uint64_t retry_at_ = 0;
    std::uint64_t failing_since_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
