#pragma once

#include <optional>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/client/worker_code.hpp"
#include "engine/shared/layout.hpp"
#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The client's handle of its pool's fork server: starts it, notifies it, ends it. For one thread
/// at a time.
class ForkServer {
public:
    explicit ForkServer(const Layout& layout) : layout_(layout) {}

    /// Starts it as the options say, and waits until every worker is forked. `code` is told which
    /// code the workers have. `region`: the region's file. Throws std::system_error,
    /// std::logic_error without init() where that is needed, NotShippable.
    void start(const EngineOptions& options, WorkerCode& code, const os::Fd& region);

    /// False before start() and after forget().
    [[nodiscard]] bool exists() const { return pid_ != 0; }
    [[nodiscard]] bool has_ended() const;
    /// Does it say that the pool is broken?
    [[nodiscard]] bool says_broken() const {
        return layout_.server().state() == ServerState::broken;
    }

    /// Makes it look at the pool page now.
    void poke() const;
    /// There is work that takes time: makes it watch this process, so that the workers stop when
    /// this process does.
    void call() const;

    /// What broke the pool, as far as that is known. `initializer_failure`: what a worker sent
    /// about it.
    [[nodiscard]] Failure account(const std::optional<Failure>& initializer_failure) const;
    /// Makes it end every worker, and waits until they are gone.
    void end_workers();
    /// After a start that failed: false if a fork server that was ordered, but never announced, may
    /// still run. It writes to the pool's memory until its command pipe ends.
    [[nodiscard]] bool is_unused() const;
    /// Waits for the end of a fork server without workers, which takes about as long as waking up.
    void forget();
    /// Call it in a forked child: the fork server belongs to the parent.
    void leave_to_parent();

private:
    void start_elsewhere(const EngineOptions& options, WorkerCode& code, const os::Fd& region,
                         os::Fd commands, Start start);
    void fork_here(os::Fd commands, Start start);
    void check_watch(int error) const;
    void await_workers() const;

    const Layout& layout_;
    os::Fd commands_;  // write end; when it is closed the fork server ends
    os::Fd pidfd_;
    pid_t pid_ = 0;
    bool is_child_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
