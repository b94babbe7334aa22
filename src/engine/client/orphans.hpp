#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What is left when a fork server was killed.
namespace engine {

/// Kills what its workers were and what their tasks had forked, as far as that is certain:
/// processes that map the pool's memory as only workers and copies of them do. Numbers alone prove
/// nothing: they may be others' by now, or of another PID namespace. What a task started from
/// another program lives on. Slow.
void kill_what_workers_left(const Layout& layout) noexcept;

/// Where this process adopts orphans, the workers that have ended are its children: reaps them,
/// unless the program did.
void reap_adopted_workers(const Layout& layout) noexcept;

}  // namespace engine
PROCPOOL_END_NAMESPACE
