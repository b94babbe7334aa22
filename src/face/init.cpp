#include <utility>

#include <procpool/init.hpp>

#include "engine/client/started_server.hpp"
#include "engine/server/nursery.hpp"
#include "os/cancellation.hpp"
#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE

void init(int argc, const char* const* argv) {
    const os::CancellationBlock whole;
    if (os::Fd channel = engine::channel_of_spawned(argc, argv)) {
        engine::serve_anew(std::move(channel));
    }
    engine::found_nursery(argc, argv);
}

PROCPOOL_END_NAMESPACE
