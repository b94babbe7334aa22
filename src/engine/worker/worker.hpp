#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/claims.hpp"
#include "engine/worker/items.hpp"
#include "engine/worker/known_jobs.hpp"
#include "engine/worker/lifetime.hpp"
#include "engine/worker/outbox.hpp"
#include "engine/worker/rest.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What a worker process does from its fork to its end: takes items, runs them, publishes what they
/// give, rests. What every call takes is `hot`: it lies on few pages, for after a rest each page
/// touched costs as much as the work on it.
class Worker {
public:
    /// In the fork server, before its first fork: what every worker inherits.
    static void prepare();
    /// Turns this freshly forked child of the fork server into worker `worker` and never returns.
    [[noreturn]] static void live(const Layout& layout, int worker, pid_t server) noexcept;

private:
    Worker(const Layout& layout, int worker);

    [[gnu::hot]] [[noreturn]] void loop();

    Seat seat_;
    ClaimClock clock_;
    Lifetime lifetime_;
    Bells bells_;
    Outbox outbox_;
    Rest rest_;
    Claims claims_;
    Items items_;
    KnownJobs known_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
