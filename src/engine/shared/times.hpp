#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "os/clock.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// How long clients and workers wait (docs/protocol.md, part 6).
namespace engine {

using os::ms;
using os::us;

/// How long an idle worker that holds a token looks for work before it parks.
inline constexpr std::uint64_t worker_spin = 60 * us;
/// How long a client that saw a spinning worker take its job looks for the answer before it calls
/// the others and parks.
inline constexpr std::uint64_t client_spin = 25 * us;
/// An answer that takes longer does not come from a worker that spins on another CPU.
inline constexpr std::uint64_t quick_answer = 2 * us;
/// A job whose bell rings this often while its client watches it is not a short one.
inline constexpr int most_watches = 16;
/// How long a client that had to wake a worker waits before it calls more, and then more again.
inline constexpr std::uint64_t first_park = 120 * us;
/// A fork server that does not end its workers, or itself, in this time is killed.
inline constexpr std::uint64_t longest_end = 10'000 * ms;
/// A fork server that was ordered and never announced, and workers whose fork server was killed,
/// are waited for so long at the end of a pool. If they are not gone then, its memory is not used
/// again.
inline constexpr std::uint64_t longest_unannounced = 2'000 * ms;
inline constexpr std::uint64_t longest_orphan = 200 * ms;
/// A worker that ends by plan has this time for what it has to finish; then it is killed.
inline constexpr std::uint64_t longest_finish = 5'000 * ms;
/// How long the fork server waits for such workers: those that are not there yet come later.
inline constexpr std::uint64_t longest_finish_of_all = longest_finish + 1'000 * ms;
/// The kinds of parked workers. A client that wakes only one prefers the first worker: it answered
/// last time, so what it needs is still in its caches.
inline constexpr std::uint32_t first_worker = 0;
inline constexpr std::uint32_t other_workers = 1;

/// In a timeline what is shorter is merged or left out; longer once its file grows.
inline constexpr std::uint64_t first_timeline_quantum = 500 * us;

/// No park lasts longer: after this time the client checks that the fork server is alive.
inline constexpr std::uint64_t slice = 50 * ms;
/// A call checks the fork server if the last check is longer ago than this.
inline constexpr std::uint64_t server_look_interval = 1 * ms;

}  // namespace engine
PROCPOOL_END_NAMESPACE
