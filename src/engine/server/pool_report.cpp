#include "engine/server/pool_report.hpp"

#include <cstdint>

#include "engine/server/bells.hpp"
#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void PoolReport::announce(ServerState state, int error) const {
    ServerPage& page = layout_.server();
    page.error.store(error, std::memory_order_relaxed);
    page.state_word.store(static_cast<std::uint32_t>(state), std::memory_order_seq_cst);
    os::futex_wake(page.state_word, 1 << 30);
}

void PoolReport::announce_end() const {
    announce(ServerState::ended, layout_.server().error.load(std::memory_order_relaxed));
}

void PoolReport::break_pool(int error) {
    broken_ = true;
    places_.kill_all();
    announce(ServerState::broken, error);
    ring_everyone(layout_);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
