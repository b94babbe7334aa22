#include "engine/worker/worker.hpp"

#include <cstdlib>
#include <string>

#include <procpool/detail/coverage.hpp>

#include "engine/shared/current_task.hpp"
#include "engine/shared/steps.hpp"
#include "engine/worker/finish.hpp"
#include "engine/worker/initializer.hpp"
#include "engine/worker/stop_requests.hpp"
#include "engine/worker/write_rights.hpp"
#include "memory/attached.hpp"
#include "os/cancellation.hpp"
#include "os/cpus.hpp"
#include "os/orderly_exit.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "trace/crash.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// exit() in a task ends the worker, not the program: no static destructor and no atexit handler of
/// the program runs.
void leave_at_exit(int status, void* /*unused*/) {
    os::flush_output();
    os::end_process(status);
}
/// glibc passes the status to these handlers as it does to those of on_exit, although their type
/// does not say so.
void leave_at_quick_exit(void* /*unused*/, int status) { os::end_process(status); }

/// Thousandths of the memory that the client may hold more than a worker, and is still not taken in
/// its place when memory runs out. With all of it, the machine's memory killer would take worker
/// after worker where another program grows without end.
constexpr int share_to_yield = 700;

constexpr const char* wrote_to_inputs =
    "it wrote to shared memory that tasks only read, such as the data() of a shared_vector: write "
    "results by map_into";

}  // namespace

void Worker::prepare() {
    os::ignore_terminal_stops();  // the program did not ask for a group of its own
    trace::handle_crashes();
    os::write_whole_lines();
    ::on_exit(leave_at_exit, nullptr);
    ::at_quick_exit(reinterpret_cast<void (*)()>(leave_at_quick_exit));
}

/// Below it on the stack are frames of the fork server, and under Start::fork of the program. An
/// exception that reached them would continue as a second copy of the program, so it ends here.
void Worker::live(const Layout& layout, int worker, pid_t server) noexcept {
    os::lead_own_group();
    os::die_with_parent();
    if (os::parent_pid() != server) {
        os::end_process(0);  // the fork server died before it could be watched
    }
    os::adopt_orphans();
    os::name_process(("procpool w" + std::to_string(worker)).c_str());
    os::offer_to_memory_killer(share_to_yield);
    os::disregard_signals(layout.pool().handled_signals);
    os::worker_mark().store(1, std::memory_order_relaxed);
    os::allow_cancellation();
    os::begin_own_thread_locals();
    detail::Coverage::forget_all();
    Worker self(layout, worker);
    run_items_as_worker(worker, self.seat_.slot, layout.server_line(worker));
    memory::attach(layout.region_base(), layout.region_size());
    own_timeline::set(layout.pool().has_timeline
                          ? TimelineWriter(layout.records(worker), layout.line(worker).records_head,
                                           layout.pool().timeline_quantum_ns)
                          : TimelineWriter());
    take_stop_requests(self.seat_.slot, layout.server_line(worker));
    forbid_writing(layout);
    allow_writing_own(layout, worker);
    if (const int cpu = layout.line(worker).cpu; cpu >= 0) {
        os::run_on(cpu);
    }
    if (layout.pool().memory_limit != 0) {
        os::limit_growth(layout.pool().memory_limit);
    }
    self.thefts_.prepare();
    trace::report_crashes_to(layout.last_words(worker), layout.last_words_key(os::own_pid()));
    trace::explain_writes_to(layout.region_base(), layout.region_size(), wrote_to_inputs);
    os::unblock_all_signals();
    reach(Step::worker_starts, worker);
    if (layout.pool().initialize != nullptr) {
        run_initializer(self.seat_, self.outbox_);
    }
    self.seat_.slot.ready.store(
        layout.server_line(worker).incarnation.load(std::memory_order_relaxed),
        std::memory_order_release);
    self.ledger_.begin();
    self.loop();
}

Worker::Worker(const Layout& layout, int worker)
    : seat_(layout, worker),
      ledger_(seat_),
      lifetime_(seat_.pool.max_tasks),
      bells_(seat_),
      outbox_(seat_, bells_),
      thefts_(seat_, bells_),
      rest_(seat_, bells_, outbox_, ledger_,
            {reinterpret_cast<const std::byte*>(this),
             sizeof *this - sizeof known_ + KnownJobs::hot_bytes}),
      claims_(seat_, bells_, known_, clock_, lifetime_, thefts_),
      items_(seat_, bells_, known_, clock_, claims_, outbox_, lifetime_, thefts_, ledger_),
      known_(seat_, clock_) {}

void Worker::loop() {
    if (claims_.take_inherited()) {
        items_.run_taken();
    }
    for (;;) {
        const std::uint32_t doorbell = seat_.common.doorbell.load(std::memory_order_seq_cst);
        if (claims_.take_next(doorbell)) {
            rest_.note_work();
            items_.run_taken();
            continue;
        }
        if (rest_.is_hungry() && claims_.steal()) {
            rest_.note_loot();
            items_.run_taken();
            continue;
        }
        switch (seat_.pool.command.load(std::memory_order_relaxed)) {
            case Command::run:
                break;
            case Command::finish:
                finish(seat_);
            case Command::end:
                os::end_process(0);
        }
        const bool let_go = known_.let_go();
        rest_.until_called(doorbell, let_go ? 0 : clock_.take_ended());
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
