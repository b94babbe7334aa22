#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/server/burying.hpp"
#include "engine/server/client_watch.hpp"
#include "engine/server/deadlines.hpp"
#include "engine/server/descendants.hpp"
#include "engine/server/filling.hpp"
#include "engine/server/handles.hpp"
#include "engine/server/limits.hpp"
#include "engine/server/places.hpp"
#include "engine/server/pool_report.hpp"
#include "engine/server/spare.hpp"
#include "engine/server/stops.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The parent of the workers: single-threaded, a clean image to fork from. It learns of every death
/// from the kernel, buries the dead and fills their places; watches deadlines, the client and its
/// stops. Nothing here waits for a worker.
class Server {
public:
    /// Turns this freshly forked child of the client, without handlers for signals, into the fork
    /// server and never returns.
    [[noreturn]] static void live(const Layout& layout, ServerEnds ends) noexcept;

    /// Of the shared memory this process may write what belongs to its pool, and read everything.
    static void set_rights(const Layout& layout) noexcept;

private:
    [[noreturn]] static void live_here(const Layout& layout, ServerEnds ends) noexcept;
    Server(const Layout& layout, ServerEnds ends, bool client_ignores_children);

    void start_all();
    [[noreturn]] void serve();
    [[nodiscard]] int milliseconds_to_sleep() const;
    void hear_client();
    void obey();
    void kill_condemned();
    [[noreturn]] void shut_down();

    // Each uses only those before it.
    Layout layout_;
    Handles handles_;
    Places places_;
    PoolReport report_;
    Spare spare_;
    Descendants descendants_;
    Deadlines deadlines_;
    Stops stops_;
    ClientWatch client_watch_;
    Filling filling_;
    Burying burying_;
    std::uint64_t condemned_seen_ = 0;
    std::uint64_t finish_until_ = never;  // the workers end by plan: none is replaced
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
