#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A worker's place; a pool has as many as workers. When a worker dies, another process takes its
/// place.
struct Place {
    enum class State {
        vacant,  ///< to be filled
        held,    ///< by the process `pid`
        ended,   ///< reaped, not yet buried: the report of its death waits for room in its ring
        down,    ///< buried with corrupt memory: filled once the client has emptied its ring
    };
    State state = State::vacant;
    pid_t pid = 0;                ///< 0 unless held
    std::uint64_t killed_at = 0;  ///< when this process first killed it, ns; 0: not yet
};

/// Which process holds which place, as the fork server knows it: nothing here is read from memory
/// that a worker can write. Workers are found, signalled and reaped here and nowhere else.
class Places {
public:
    explicit Places(const Layout& layout);

    [[nodiscard]] int count() const { return static_cast<int>(places_.size()); }
    [[nodiscard]] Place& operator[](int worker) {
        return places_[static_cast<std::size_t>(worker)];
    }
    [[nodiscard]] const Place& operator[](int worker) const {
        return places_[static_cast<std::size_t>(worker)];
    }
    /// The place that a process holds.
    [[nodiscard]] std::optional<int> find(pid_t pid) const;
    [[nodiscard]] bool any(Place::State state) const;

    /// Counts the processes that held this place.
    [[nodiscard]] std::uint64_t incarnation(int worker) const;
    /// Call it before a process is put there, which is to find its own incarnation.
    void begin_incarnation(int worker);
    /// The process could not be started.
    void cancel_incarnation(int worker);
    /// The process is there: from here on it holds the place.
    void enter(int worker, pid_t pid);

    /// Kills a worker and its process group. Does nothing where there is none.
    void kill(int worker);
    void kill_all();
    /// Kills what is left in the group of a worker that has ended and is not reaped yet.
    void kill_group(int worker) const;
    /// Sends a signal to every worker and its group.
    void signal_groups(int signal) const;
    /// Reaps a worker that has ended. It still has to be buried.
    os::Ending reap(int worker);
    /// Was it killed, and does not end? It may wait in the kernel where no signal reaches it, or
    /// have so much memory to give back that it takes more than longest_death.
    [[nodiscard]] bool is_stuck(int worker, std::uint64_t now) const;
    /// Forgets a worker that was killed and does not end: the kernel keeps it in a call that no
    /// signal ends. It runs no more code of its own, and is reaped when that call lets go of it. It
    /// still has to be buried.
    os::Ending write_off(int worker);
    [[nodiscard]] bool is_written_off(pid_t pid) const;
    /// A process that was written off is reaped.
    void forget_if_written_off(pid_t pid);
    /// Reaps every worker, all of which were killed, but those that are stuck, and forgets them
    /// all.
    void reap_all();

private:
    const Layout& layout_;
    std::vector<Place> places_;
    std::vector<pid_t> written_off_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
