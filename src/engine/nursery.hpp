#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

#include "engine/layout.hpp"
#include "os/fd.hpp"
#include "ship/modules.hpp"

/// Fork servers that are not forked from the client as it is: from the clean process that init()
/// started (the nursery), or from the program started anew.
namespace procpool::engine {

/// A fork server that was started elsewhere.
struct StartedServer {
    pid_t pid = 0;
    os::Fd pidfd;
    std::vector<ship::Module> modules;  ///< of this process, those that it has too
};

/// Was init() called in this program?
[[nodiscard]] bool init_was_called() noexcept;
/// Is the clean process there?
[[nodiscard]] bool nursery_lives() noexcept;

/// A fork server for the pool at `layout`, from the clean process. `commands` is the end that the
/// fork server reads. Throws std::system_error; std::logic_error without init().
[[nodiscard]] StartedServer start_in_nursery(const Layout& layout, const os::Fd& commands);

/// The same from the program started anew. `region` is the region's file.
[[nodiscard]] StartedServer start_anew(const Layout& layout, const os::Fd& commands,
                                       const os::Fd& region);

}  // namespace procpool::engine
