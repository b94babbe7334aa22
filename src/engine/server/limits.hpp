#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Every limit and interval that the fork server uses (docs/protocol.md, parts 5, 6 and 8).
namespace engine {

/// A point in time that never comes.
inline constexpr std::uint64_t never = ~std::uint64_t{0};

// Deaths.

/// If this many workers in a row die before they reach their loop, the pool is broken: they are not
/// replaced for ever.
inline constexpr int most_deaths_at_start = 64;
/// If this many workers in a row die before an item that none of them began, it counts as the one
/// that they ran.
inline constexpr int most_deaths_before_an_item = 64;
/// How long burying waits for the end of what the dead worker had started; deadlines wait with it.
inline constexpr std::uint64_t orphan_time_limit = 20 * os::ms;
/// What is left of that is killed again at this interval.
inline constexpr std::uint64_t orphan_interval = 10 * os::ms;
/// At its end the fork server waits this long for the end of what the workers had started: a
/// process that the kernel cannot end does not hold it up.
inline constexpr std::uint64_t last_orphan_time_limit = 2'000 * os::ms;
/// A pool that has lived no longer has not been looked at by the kernel's memory killer: to look at
/// its count takes longer than short pools live.
inline constexpr std::uint64_t shortest_way_out_of_memory = 100 * os::ms;

/// How often it checks whether the client made room in the ring of a dead worker.
inline constexpr std::uint64_t room_interval = 5 * os::ms;

/// A thief is given so long to find out whether it has something, where a CPU is hard to get.
inline constexpr std::uint64_t longest_theft = 200 * os::ms;

/// If the fork server comes on later by more than this than it wanted, nothing ran meanwhile.
inline constexpr std::uint64_t longest_oversleep = 100 * os::ms;
/// A worker whose item is overdue is asked where it is, and killed after this time if it has not
/// ended by then.
inline constexpr std::uint64_t time_for_last_words = 20 * os::ms;

/// A worker that has not ended so long after its kill is written off if it waits in the kernel.
inline constexpr std::uint64_t write_off_time = 200 * os::ms;
/// If it does not, it is given so long: it may have much memory to give back.
inline constexpr std::uint64_t longest_death = 5'000 * os::ms;
/// It is looked at again at this interval.
inline constexpr std::uint64_t dying_interval = 20 * os::ms;

// Forks.

/// The pool is broken if no worker can be forked for this long, and none is left or a dead one left
/// work behind.
inline constexpr std::uint64_t failing_fork_time_limit = 2'000 * os::ms;
/// A fork that failed is tried again after this time.
inline constexpr std::uint64_t fork_retry_interval = 5 * os::ms;
/// Where forking takes longer than this, a spare is forked ahead.
inline constexpr std::uint64_t slow_fork = 3 * os::ms;

// Stopping what runs.

/// How often it is looked at what workers run of a job that is to be stopped, at first.
inline constexpr std::uint64_t first_stop_interval = os::ms / 2;
/// And at last.
inline constexpr std::uint64_t longest_stop_interval = 20 * os::ms;
/// How long a worker that was told to stand still is waited for. A traced one does not say so.
inline constexpr std::uint64_t longest_wait_for_a_stop = 10 * os::ms;
/// A worker whose slot makes no sense for this long while something is to be stopped is killed.
inline constexpr std::uint64_t longest_nonsense = 2 * longest_theft;

// The client's stops.

/// How often the client is checked while there is work: the workers stop when it does.
inline constexpr std::uint64_t watch_interval = 50 * os::ms;
/// How often it is checked while it is stopped: the workers continue when it does.
inline constexpr std::uint64_t stopped_watch_interval = 20 * os::ms;
/// After this long without work it is not checked any more.
inline constexpr std::uint64_t watch_time_after_work = 1'000 * os::ms;

}  // namespace engine
PROCPOOL_END_NAMESPACE
