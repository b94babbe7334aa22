#pragma once

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"
#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What the fork server inherits from the client.
struct ServerEnds {
    /// Readable: look at the pool page; end of file: the client is gone. Workers, and copies of
    /// them that tasks fork, keep it and do nothing with it: the client knows by it that all are
    /// gone.
    os::Fd commands;
    os::Fd client;  ///< pidfd of the client
    pid_t client_pid = 0;
};

/// What the fork server has and no worker keeps: its descriptors, and its handling of SIGCHLD.
struct Handles {
    /// `signals` is empty on failure, with errno.
    Handles(ServerEnds ends_of_client, bool client_ignores_children);

    /// In a freshly forked child that becomes a worker.
    void give_up_in_worker();
    /// Reads the pending signals from `signals`, so that it is readable again at the next one.
    void read_signals() const;

    ServerEnds ends;
    os::Fd signals;  ///< SIGCHLD
    os::Children children;
    bool ignores_children;  ///< the client ignores SIGCHLD, so the workers do
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
