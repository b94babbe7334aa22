#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/server/places.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Whether the pool is ready, broken or has ended, and how its client is told.
class PoolReport {
public:
    PoolReport(const Layout& layout, Places& places) : layout_(layout), places_(places) {}

    [[nodiscard]] bool broken() const { return broken_; }

    /// Tells the client. `error` is the errno behind it, or 0.
    void announce(ServerState state, int error) const;
    /// The last write to the region: from then on the client may use the memory for something else.
    void announce_end() const;

    /// Breaks the pool: it gets no more workers. Kills those that are left, since nobody needs
    /// their results.
    void break_pool(int error);

private:
    const Layout& layout_;
    Places& places_;
    bool broken_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
