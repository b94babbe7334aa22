#include "engine/server/handles.hpp"

#include <utility>

#include "os/signals.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

Handles::Handles(ServerEnds ends_of_client, bool client_ignores_children)
    : ends(std::move(ends_of_client)),
      signals(os::make_signalfd()),
      ignores_children(client_ignores_children) {}

void Handles::give_up_in_worker() {
    // The other end tells when no process has this one any more.
    ends.client.reset();
    signals.reset();
    children.close();
    if (ignores_children) {
        os::ignore_children();
    }
}

void Handles::read_signals() const {
    while (os::read_signal(signals) != 0) {
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
