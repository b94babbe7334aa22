#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Every limit and interval that the fork server goes by (docs/protocol.md, parts 5, 6 and 8).
namespace engine {

/// As a point in time.
inline constexpr std::uint64_t never = ~std::uint64_t{0};

// Deaths.

/// So many workers in a row that die before they reach their loop break the pool: no respawn storm.
inline constexpr int most_deaths_at_start = 64;
/// A death waits this long for the end of what the dead had started; deadlines wait with it.
inline constexpr std::uint64_t orphan_time_limit = 20 * os::ms;
/// What is left of it after that is killed again as often.
inline constexpr std::uint64_t orphan_interval = 10 * os::ms;
/// At its end the fork server waits this long for what the workers had started: a process that the
/// kernel cannot end does not keep it.
inline constexpr std::uint64_t last_orphan_time_limit = 2'000 * os::ms;
/// How often it is looked whether the client made room in the ring of a dead worker.
inline constexpr std::uint64_t room_interval = 5 * os::ms;

// Forks.

/// A pool whose workers cannot be forked for this long, while none is left or one left work behind,
/// is broken.
inline constexpr std::uint64_t failing_fork_time_limit = 2'000 * os::ms;
/// A fork that failed is tried again after this.
inline constexpr std::uint64_t fork_retry_interval = 5 * os::ms;
/// Where forking takes longer than this, a spare is forked ahead.
inline constexpr std::uint64_t slow_fork = 3 * os::ms;

// The client's stops.

/// While there is work, the client is looked at as often: the workers stop when it does.
inline constexpr std::uint64_t watch_interval = 50 * os::ms;
/// While it is stopped, as often: the workers go on when it does.
inline constexpr std::uint64_t stopped_watch_interval = 20 * os::ms;
/// Without work for so long, it is not looked at any more.
inline constexpr std::uint64_t watch_time_after_work = 1'000 * os::ms;

}  // namespace engine
PROCPOOL_END_NAMESPACE
