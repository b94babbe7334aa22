#include "engine/client/pool_state.hpp"

#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void PoolState::refuse() const {
    if (is == closed || is == ended) {
        throw PoolClosed(
            "procpool: the pool is closed: it takes no new work after close(), and a stream no "
            "more items after join()");
    }
    if (is == terminated) {
        throw PoolTerminated("procpool: the pool is terminated: make a new one");
    }
    if (broken_as.kind == Failure::Kind::initializer) {
        throw_failure(broken_as);
    }
    throw PoolBroken("procpool: the pool is broken" +
                     (broken_as.message.empty() ? "" : ": " + broken_as.message) +
                     "; make a new pool");
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
