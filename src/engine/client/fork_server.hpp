#pragma once

#include <optional>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/client/worker_code.hpp"
#include "engine/shared/layout.hpp"
#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The client's handle of its pool's fork server: starts it, tells it, ends it. Of one thread at a
/// time.
class ForkServer {
public:
    explicit ForkServer(const Layout& layout) : layout_(layout) {}

    /// Starts it from where the options say, and waits until every worker is forked. `code` is told
    /// what the workers have. `region`: the region's file. Throws std::system_error,
    /// std::logic_error without init() where that is needed, NotShippable.
    void start(const EngineOptions& options, WorkerCode& code, const os::Fd& region);

    /// False before the start, and once it was forgotten.
    [[nodiscard]] bool exists() const { return pid_ != 0; }
    [[nodiscard]] bool has_ended() const;
    /// Has it broken the pool, and said so?
    [[nodiscard]] bool says_broken() const {
        return layout_.server().state() == ServerState::broken;
    }

    /// It is to look at the pool page now.
    void poke() const;
    /// There is work that lasts: it is to see to it that the workers stop when this process does.
    void call() const;

    /// What broke the pool, as far as it could say. `initializer_failure`: what a worker sent of
    /// it.
    [[nodiscard]] Failure account(const std::optional<Failure>& initializer_failure) const;
    /// It died: so do its workers. Kills what their tasks started.
    void kill_worker_groups() const;

    /// Has it end every worker, and waits until they are gone.
    void end_workers();
    /// After a start that failed: false if a fork server that was ordered, but never announced, may
    /// run still. It writes to the pool's memory until it finds the end of its commands.
    [[nodiscard]] bool is_unused() const;
    /// Waits for the end of a fork server without workers, which takes as long as waking up would.
    void forget();
    /// In a forked child, where it is the parent's.
    void leave_to_parent();

private:
    void start_elsewhere(const EngineOptions& options, WorkerCode& code, const os::Fd& region,
                         os::Fd commands, Start start);
    void fork_here(os::Fd commands, Start start);
    void check_watch(int error) const;
    void await_workers() const;

    const Layout& layout_;
    os::Fd commands_;  // write end; at its end the fork server ends
    os::Fd pidfd_;
    pid_t pid_ = 0;
    bool is_child_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
