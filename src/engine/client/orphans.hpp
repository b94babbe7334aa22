#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Call it when the fork server died, and its workers with it. Kills what their tasks had forked,
/// as far as that is certain: a process in the group of a worker that maps the pool's memory as
/// only that worker and copies of it do. Numbers alone prove nothing: they may be others' by now,
/// or of another PID namespace. What a task started from another program lives on.
void kill_what_workers_left(const Layout& layout) noexcept;

}  // namespace engine
PROCPOOL_END_NAMESPACE
