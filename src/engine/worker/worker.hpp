#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/claims.hpp"
#include "engine/worker/items.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/ledger.hpp"
#include "engine/worker/lifetime.hpp"
#include "engine/worker/outbox.hpp"
#include "engine/worker/rest.hpp"
#include "engine/worker/seat.hpp"
#include "engine/worker/thefts.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The life of a worker process: takes items, runs them, publishes their results, rests. Functions
/// that every call needs are `hot`, so that they lie on few pages: after a rest, touching a page
/// costs as much as the work on it.
class Worker {
public:
    /// Sets up what every worker inherits. Call it in the fork server before its first fork.
    static void prepare();
    /// Turns this freshly forked child of the fork server into worker `worker` and never returns.
    [[noreturn]] static void live(const Layout& layout, int worker, pid_t server) noexcept;

private:
    Worker(const Layout& layout, int worker);

    [[gnu::hot]] [[noreturn]] void loop();

    Seat seat_;
    ClaimClock clock_;
    Ledger ledger_;
    Lifetime lifetime_;
    Bells bells_;
    Outbox outbox_;
    Thefts thefts_;
    Rest rest_;
    Claims claims_;
    Items items_;
    KnownJobs known_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
