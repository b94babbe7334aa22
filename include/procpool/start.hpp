#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// Where the workers of a pool come from, and with it what they see of the program's globals.
enum class Start {
    /// forkserver if init() was called, otherwise fork: with a warning on stderr, once, if other
    /// threads exist then.
    automatic,
    /// Forked from this process: globals as they are when the pool is made. Locks that other
    /// threads hold at that moment stay locked in the workers for ever.
    fork,
    /// Forked from the clean process that init() started: globals as they were then, no threads.
    forkserver,
    /// A fresh start of this program, which calls init() first thing in main(): globals as they are
    /// after static initialisation.
    spawn,
    /// No process at all: items run one after the other in the thread that calls, for a debugger.
    /// Nothing is isolated, timeouts and retries have no effect; there is one worker, the caller,
    /// whatever number was asked for.
    in_caller,
};

PROCPOOL_END_NAMESPACE
