#include "engine/worker/initializer.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include <procpool/detail/failure.hpp>

#include "engine/worker/finish.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "trace/backtrace.hpp"
#include "trace/stack.hpp"
#include "trace/throw_watch.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void run_initializer(const Seat& seat, Outbox& outbox) {
    const std::uint64_t incarnation =
        seat.layout.server_line(seat.worker).incarnation.load(std::memory_order_relaxed);
    seat.slot.initializing.store(initializing_seal(seat.pool.secret, incarnation),
                                 std::memory_order_release);
    trace::Backtrace thrown_at;
    try {
        trace::call_watching_throws(
            [](void* pool) {
                const auto& page = *static_cast<const PoolPage*>(pool);
                here(page.initialize)({page.initializer, page.initializer_size});
            },
            &seat.pool, thrown_at);
    } catch (...) {
        end_if_its_thread_ends();
        outbox.publish_initializer_failure(detail::encode_current_exception(
            0, os::own_pid(), trace::written_if_possible(thrown_at)));
        os::end_process(EXIT_FAILURE);
    }
    end_if_copy();
    os::flush_output();
    seat.slot.initializing.store(0, std::memory_order_release);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
