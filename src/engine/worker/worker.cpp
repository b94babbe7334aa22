#include "engine/worker/worker.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <span>
#include <vector>

#include "engine/shared/current_task.hpp"
#include "engine/shared/interface.hpp"
#include "engine/shared/steps.hpp"
#include "os/cpus.hpp"
#include "os/output.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "trace/crash.hpp"
#include "trace/throw_watch.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The life of a worker, from its fork to its loop.
namespace engine {

namespace {

/// exit() in a task ends the worker, not the program: no static destructor and no atexit handler of
/// the program runs.
void leave_at_exit(int status, void* /*unused*/) {
    os::flush_output();
    os::end_process(status);
}
/// glibc passes the status to these handlers as it does to those of on_exit, though their type does
/// not say so.
void leave_at_quick_exit(void* /*unused*/, int status) { os::end_process(status); }

}  // namespace

void WorkerLoop::prepare() {
    os::ignore_terminal_stops();  // its group is no wish of the program's
    trace::handle_crashes();
    ::on_exit(leave_at_exit, nullptr);
    ::at_quick_exit(reinterpret_cast<void (*)()>(leave_at_quick_exit));
}

/// Beneath lie the frames of the fork server, and under Start::fork those of the program: an
/// exception that went on into them would run a second copy of it, so it ends here.
void WorkerLoop::live(const Layout& layout, int worker, pid_t server) noexcept {
    os::lead_own_group();
    os::die_with_parent();
    if (os::parent_pid() != server) {
        os::end_process(0);  // the fork server died before it could be watched
    }
    os::adopt_orphans();
    os::worker_mark().store(1, std::memory_order_relaxed);
    WorkerLoop loop(layout, worker);
    run_items_as_worker(worker, loop.slot_.current);
    os::protect(layout.region_base(), layout.region_size(), os::Access::read);
    loop.set_guard(false);
    if (const int cpu = layout.line(worker).cpu; cpu >= 0) {
        os::run_on(cpu);
    }
    if (layout.pool().memory_limit != 0) {
        os::limit_growth(layout.pool().memory_limit);
    }
    trace::report_crashes_to(layout.last_words(worker), layout.last_words_key(os::own_pid()));
    os::unblock_all_signals();
    reach(Step::worker_starts, worker);
    if (layout.pool().initialize != nullptr) {
        loop.initialize();
    }
    loop.slot_.ready.store(layout.server_line(worker).incarnation.load(std::memory_order_relaxed),
                           std::memory_order_release);
    loop.loop();
}

WorkerLoop::WorkerLoop(const Layout& layout, int worker)
    : layout_(layout),
      worker_(worker),
      pool_(layout.pool()),
      slot_(layout.slot(worker)),
      ring_(layout, worker),
      genuine_(&os::worker_mark()),
      sole_job_(layout.jobs()),
      owed_job_(layout.jobs()),
      tasks_left_(pool_.max_tasks == 0 ? max_items : pool_.max_tasks) {}

/// Of the shared pages this process may write its own and the common ones, and none at all while a
/// guarded item runs.
void WorkerLoop::set_guard(bool guarded) const {
    const auto access = guarded ? os::Access::read : os::Access::read_write;
    const bool done =
        os::protect(layout_.region_base(), os::page_size, access) &&
        os::protect(reinterpret_cast<std::byte*>(&layout_.words(0)), layout_.words_size(),
                    access) &&
        os::protect(reinterpret_cast<std::byte*>(&slot_), layout_.worker_size(), access);
    if (!done) {
        os::end_process(EXIT_FAILURE);  // without these rights nothing can be said; the fork server
                                        // sees a death
    }
}

/// The program's preparation of this worker. Failing in it breaks the pool; dying does too, which
/// the fork server sees by `initializing`.
void WorkerLoop::initialize() {
    slot_.initializing.store(
        layout_.server_line(worker_).incarnation.load(std::memory_order_relaxed),
        std::memory_order_release);
    try {
        trace::call_watching_throws(
            [](void* pool) {
                const auto& page = *static_cast<const PoolPage*>(pool);
                here(page.initialize)({page.initializer, page.initializer_size});
            },
            &pool_, thrown_at_);
    } catch (...) {
        end_if_its_thread_ends();
        const std::vector<std::byte> failure =
            encode_current_exception(0, os::own_pid(), thrown_stack());
        const auto size =
            static_cast<std::uint32_t>(std::min(failure.size(), ring_.largest_payload()));
        ring_.reserve(size, [this] { call_clients(); });
        ring_.open(0);
        std::memcpy(ring_.payload(), failure.data(), size);
        ring_.seal({.kind = FrameKind::initializer, .bytes = size});
        ring_.publish();
        os::end_process(EXIT_FAILURE);
    }
    if (os::worker_mark().load(std::memory_order_relaxed) == 0) {
        os::end_process(0);  // a copy of the worker that the initializer forked off
    }
    os::flush_output();
    slot_.initializing.store(0, std::memory_order_release);
}

/// In a catch block. If what is in flight is no exception of C++, the only thread of this worker is
/// ending (pthread_exit, pthread_cancel): the worker ends here, before the unwinding comes to
/// frames that are not its own, and whoever buries it reads why.
void WorkerLoop::end_if_its_thread_ends() {
    if (std::current_exception() != nullptr) {
        return;
    }
    trace::say_before_exit("it called pthread_exit, or its thread was cancelled: return instead");
    os::flush_output();
    os::end_process(EXIT_FAILURE);
}

void WorkerLoop::loop() {
    if (slot_.phase.load(std::memory_order_acquire) == phase::taken) {
        // What a predecessor left of its claim, found by the fork server.
        claim_ = slot_.claim();
        run();
    }
    for (;;) {
        seen_doorbell_ = pool_.doorbell.load(std::memory_order_seq_cst);
        if (work_once()) {
            worked_ = true;
            continue;
        }
        if (pool_.command.load(std::memory_order_relaxed) == Command::end) {
            os::end_process(0);
        }
        idle();
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
