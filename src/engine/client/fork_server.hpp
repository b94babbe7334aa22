#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

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
    void start(const EngineOptions& options, WorkerCode& code, const os::KeptFd& region);

    /// False before start() and after forget().
    [[nodiscard]] bool exists() const { return pid_ != 0; }
    /// Did it end without being told to, or is its end of no descriptor left to tell? Then no more
    /// comes from it.
    [[nodiscard]] bool has_ended() const;
    /// Does it say that the pool is broken?
    [[nodiscard]] bool says_broken() const {
        return layout_.server().state() == ServerState::broken;
    }

    /// The workers at this moment; none once they are gone, when other processes may have their
    /// pids.
    [[nodiscard]] std::vector<pid_t> worker_pids() const;
    /// The worker in this place; 0 if there is none, or its number here is not known.
    [[nodiscard]] pid_t worker_pid(int worker) const;

    /// When the workers were ended, in ns; 0: they were not.
    [[nodiscard]] std::uint64_t ended_ns() const { return ended_ns_; }

    /// Makes it look at the pool page now.
    void poke() const;
    /// There is work that takes time: makes it watch this process, so that the workers stop when
    /// this process does.
    void call() const;

    /// What broke the pool, as far as that is known. `initializer_failure`: what a worker sent
    /// about it.
    [[nodiscard]] Failure account(const std::optional<Failure>& initializer_failure) const;
    /// Makes every worker end in order, and then the fork server. Waits for that without the lock,
    /// until it is cut short; no longer than workers may take.
    void let_workers_finish(std::unique_lock<std::mutex>& lock,
                            const std::function<bool()>& is_cut_short);
    /// Makes it end every worker, and waits until they are gone.
    void end_workers();
    /// If the fork server was killed: ends what its workers were, as far as that is certain, and
    /// waits for that for a moment.
    void clear_up();
    /// Call it when the workers were ended. Waits for the end of a fork server without workers,
    /// which takes about as long as waking up. False if it, a worker or a copy of one may still
    /// run, and write to the pool's memory.
    bool forget();
    /// Call it in a forked child: the fork server belongs to the parent.
    void leave_to_parent();

private:
    [[nodiscard]] bool is_unused() const;
    void start_elsewhere(const EngineOptions& options, WorkerCode& code, const os::KeptFd& region,
                         os::Fd commands, Start start);
    void fork_here(os::Fd commands, Start start, bool inherits);
    void check_watch(int error) const;
    void await_workers() const;
    void command(Command what);
    [[nodiscard]] Failure end_of_initializer() const;
    [[nodiscard]] std::string cause() const;

    const Layout& layout_;
    [[nodiscard]] bool is_gone() const;
    [[nodiscard]] std::vector<pid_t> numbers_here(const std::vector<pid_t>& inner) const;

    os::KeptFd commands_;  // write end; when it is closed the fork server ends
    os::Fd pidfd_;         // lost with `commands_`, if the program closes all descriptors
    pid_t pid_ = 0;
    bool is_child_ = false;
    std::uint64_t ended_ns_ = 0;
    bool told_to_end_ = false;
    bool cleared_up_ = false;
    bool left_running_ = false;  // it did not end when it was told to
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
