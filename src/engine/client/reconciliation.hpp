#pragma once

#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/calls.hpp"
#include "engine/client/fork_server.hpp"
#include "engine/client/inbox.hpp"
#include "engine/client/job_board.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Finds out what is left of every job after a task wrote where it should not, and starts what is
/// missing again (docs/protocol.md, part 7). Guarded by the pool's mutex. Blocks until every
/// worker's slot makes sense or its worker is down: for a fraction of a second at most.
class Reconciliation {
public:
    Reconciliation(const Layout& layout, JobBoard& board, Inbox& inbox, const ForkServer& server,
                   const Calls& calls)
        : layout_(layout), board_(board), inbox_(inbox), server_(server), calls_(calls) {}

    /// Throws std::bad_alloc; what was found stays noted then, so that it is run again.
    void run();

private:
    void start_missing_again();
    [[nodiscard]] std::vector<JobHandle> unresolved() const;
    [[nodiscard]] std::vector<Claim> stop_and_await_claims();
    void stop_claims();
    [[nodiscard]] std::vector<Claim> await_claims();
    [[nodiscard]] IntervalSet held_of(const Job& job, const std::vector<Claim>& held) const;
    void post_missing(const JobHandle& job, const IntervalSet& held);
    void end(Job& job, const IntervalSet& held, const Failure& why);
    void release_down_workers();

    const Layout& layout_;
    JobBoard& board_;
    Inbox& inbox_;
    const ForkServer& server_;
    const Calls& calls_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
