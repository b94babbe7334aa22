#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// One worker's place in a pool: the process that holds it, and those that held it before. What is
/// counted is counted since the pool was made, and a moment behind while the worker runs a chunk.
struct WorkerStats {
    int worker = 0;                        ///< this_worker::id()
    pid_t pid = 0;                         ///< of the process there now; 0: none, or a thread
    bool is_busy = false;                  ///< it has work at this moment
    std::uint64_t items = 0;               ///< run to their end, whether they returned or threw
    std::chrono::nanoseconds busy{0};      ///< time with work, until now
    std::chrono::nanoseconds waiting{0};   ///< time without, until now
    std::chrono::nanoseconds start_up{0};  ///< of the process there now: from its fork until it
                                           ///< looked for work, its initializer included
    std::uint64_t wakes = 0;               ///< how often it slept and was woken for work
    std::uint64_t deaths = 0;              ///< workers here that ended without being asked to
    std::size_t memory = 0;                ///< bytes of private memory now; 0: not known
};

/// An item that took long, or several short ones whose time is known together. Where
/// MapOptions::chunksize is set and most chunks take less than 5 us, only some of them are timed.
struct SlowItem {
    std::size_t index = 0;                 ///< of the first item, in its range
    std::size_t count = 1;                 ///< so many items, claimed at once
    std::uint64_t call = 0;                ///< of this call of the pool, numbered from 1
    std::chrono::nanoseconds duration{0};  ///< of all of them
    int worker = 0;                        ///< this_worker::id()
};

/// What a pool has done since it was made, and has to do.
struct PoolStats {
    std::vector<WorkerStats> workers{};  ///< by number
    std::vector<SlowItem> slowest{};     ///< at most ten, the slowest first
    std::size_t calls = 0;               ///< under way
    std::size_t queued = 0;              ///< items of them that nothing has come of yet
    std::uint64_t done = 0;              ///< items that gave a result
    std::uint64_t failed = 0;            ///< items that threw, died or timed out for good
    std::uint64_t retries = 0;           ///< items given another try
    std::uint64_t timeouts = 0;          ///< tries that exceeded their time
    std::uint64_t deaths = 0;            ///< workers that ended without being asked to
    std::uint64_t replaced = 0;          ///< workers that took the place of another
    std::uint64_t wakes = 0;             ///< how often a worker slept and was woken for work
};

PROCPOOL_END_NAMESPACE
