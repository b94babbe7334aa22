#include "engine/worker/finish.hpp"

#include <cstdlib>
#include <exception>

#include "engine/shared/finalizer.hpp"
#include "engine/shared/locals.hpp"
#include "engine/shared/times.hpp"
#include "os/orderly_exit.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "trace/crash.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

[[noreturn]] void destroy_and_end() noexcept {
    destroy_locals();
    os::end_process_in_order();
}

}  // namespace

void finish(const Seat& seat) noexcept {
    if (!os::end_process_after(longest_finish)) {
        os::end_process(0);  // nothing of this is begun without a bound
    }
    // A worker that met its limit would not get the memory that an orderly end takes.
    if (seat.pool.memory_limit != 0) {
        os::lift_growth_limit();
    }
    if (seat.pool.finalize != nullptr) {
        try {
            run_finalizer(here(seat.pool.finalize),
                          {seat.pool.finalizer, seat.pool.finalizer_size});
        } catch (...) {
            destroy_and_end();  // its thread ends, and this handler must not be left
        }
    }
    destroy_and_end();
}

void end_if_its_thread_ends() {
    if (std::current_exception() != nullptr) {
        return;
    }
    trace::say_before_exit("it called pthread_exit, or its thread was cancelled: return instead");
    os::flush_output();
    os::end_process(EXIT_FAILURE);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
