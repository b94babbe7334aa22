#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"
#include "os/fd.hpp"
#include "ship/modules.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Fork servers that are not forked from the client as it is: from the clean process that init()
/// started (the nursery), or from the program started anew.
namespace engine {

/// A fork server that was started elsewhere.
struct StartedServer {
    pid_t pid = 0;
    os::Fd pidfd;                       ///< empty where there was no descriptor left for it
    int error = 0;                      ///< why it is empty
    std::vector<ship::Module> modules;  ///< those of this process that it has too
};

/// Throws if the pool needs a module that is not among those of its workers. Called before any of
/// them is forked.
using CheckModules = std::function<void(const std::vector<ship::Module>&)>;

/// Starts the clean process of this program, if it has none: what init() does. Throws
/// std::logic_error when other threads exist, std::system_error.
void found_nursery(int argc, const char* const* argv);
/// Is it alive?
[[nodiscard]] bool nursery_lives() noexcept;

/// Starts a fork server for the pool at `layout` from the clean process. `commands` is the end that
/// the fork server reads. Throws std::system_error, what `check` throws; std::logic_error without
/// init().
[[nodiscard]] StartedServer start_in_nursery(const Layout& layout, const os::Fd& commands,
                                             const CheckModules& check);

/// Starts one by starting the program anew. `region` is the region's file. Throws the same.
[[nodiscard]] StartedServer start_anew(const Layout& layout, const os::Fd& commands,
                                       const os::KeptFd& region, const CheckModules& check);

}  // namespace engine
PROCPOOL_END_NAMESPACE
