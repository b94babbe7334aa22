#include "engine/client/fork_server.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include "engine/client/started_server.hpp"
#include "engine/server/recovery.hpp"
#include "engine/server/server.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/lifelines.hpp"
#include "os/output.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "os/unseen_fork.hpp"
#include "trace/crash.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// Once per process.
void warn_of_threads() {
    static std::atomic<bool> warned{false};
    if (!warned.exchange(true)) {
        std::fputs(
            "procpool: this program has other threads, and a lock that one of them holds at this "
            "moment stays locked in the workers for ever. Call procpool::init(argc, argv) first "
            "thing in main(), or choose Start::fork if no such lock matters.\n",
            stderr);
    }
}

}  // namespace

void ForkServer::start(const EngineOptions& options, WorkerCode& code, const os::Fd& region) {
    Start start = options.start;
    os::Pipe pipe = os::make_pipe();
    commands_ = std::move(pipe.write_end);
    os::lifelines::add(commands_.get());  // at once: other threads may fork
    if (start == Start::automatic && nursery_lives()) {
        start = Start::forkserver;
    }
    if (start == Start::forkserver || start == Start::spawn) {
        start_elsewhere(options, code, region, std::move(pipe.read_end), start);
    } else {
        fork_here(std::move(pipe.read_end), start);
        code.is_that_of_this_process();
    }
    await_workers();
}

void ForkServer::start_elsewhere(const EngineOptions& options, WorkerCode& code,
                                 const os::Fd& region, os::Fd commands, Start start) {
    const bool relocated = start == Start::spawn;
    const CheckModules check = [&](const std::vector<ship::Module>& modules) {
        const void* const initialize = reinterpret_cast<const void*>(options.initialize);
        code.check({&initialize, 1}, options.initializer_code, modules, relocated);
    };
    StartedServer started = start == Start::spawn ? start_anew(layout_, commands, region, check)
                                                  : start_in_nursery(layout_, commands, check);
    pid_ = started.pid;
    pidfd_ = std::move(started.pidfd);
    check_watch(started.error);
    code.is(std::move(started.modules), relocated);
}

/// Without a pidfd nobody would notice its death.
void ForkServer::check_watch(int error) const {
    if (!pidfd_) {
        throw std::system_error(error, std::generic_category(),
                                "procpool: cannot watch the fork server (raise `ulimit -n`?)");
    }
}

void ForkServer::fork_here(os::Fd commands, Start start) {
    os::Fd self = os::open_pidfd(os::own_pid());
    if (!self) {
        throw std::system_error(errno, std::generic_category(),
                                "procpool: cannot watch this process (raise `ulimit -n`?)");
    }
    os::flush_output();
    std::fflush(nullptr);
    trace::prepare_backtraces();
    const pid_t client = os::own_pid();
    const auto become_server = [&] {
        os::lifelines::close_all();
        static_cast<void>(commands_.release());
        Server::live(layout_, {std::move(commands), std::move(self), client});
    };
    const bool alone = os::single_threaded();
    if (!alone && start == Start::automatic) {
        warn_of_threads();
    }
    pid_t pid = 0;
    int error = 0;
    {
        const os::SignalBlock quiet;  // no handler of the program runs in the child
        // Only fork() leaves the locks of libc usable while there are threads.
        pid = alone ? os::clone_quietly() : os::fork_unseen();
        if (pid == 0) {
            if (!alone) {
                os::reset_signal_handlers();
            }
            become_server();
        }
        error = errno;
        is_child_ = alone && pid > 0;
    }
    if (pid <= 0) {
        throw std::system_error(
            error != 0 ? error : EAGAIN, std::generic_category(),
            "procpool: cannot start the fork server" + words_for_refusal(error));
    }
    pid_ = pid;
    pidfd_ = os::open_pidfd(pid);
    check_watch(errno);
}

void ForkServer::await_workers() const {
    const ServerPage& page = layout_.server();
    for (;;) {
        switch (page.state()) {
            case ServerState::ready:
                return;
            case ServerState::starting:
                break;
            case ServerState::broken:
                // Forking was no problem: it was ready, and an initializer broke it since.
                if (page.error.load() == 0) {
                    return;
                }
                [[fallthrough]];
            case ServerState::ended:
                if (const int error = page.error.load(); error != 0) {
                    throw std::system_error(error, std::generic_category(),
                                            "procpool: cannot start " +
                                                std::to_string(layout_.workers()) + " workers" +
                                                words_for_refusal(error));
                }
                throw std::system_error(ECHILD, std::generic_category(),
                                        "procpool: the fork server was ended while it started");
        }
        if (has_ended() && page.state() == ServerState::starting) {
            throw std::system_error(ECHILD, std::generic_category(),
                                    "procpool: the fork server died while it started");
        }
        os::futex_wait(page.state_word, static_cast<std::uint32_t>(ServerState::starting), slice);
    }
}

bool ForkServer::has_ended() const { return os::has_ended(pidfd_); }

void ForkServer::poke() const { os::poke(commands_); }

void ForkServer::call() const {
    if (layout_.server().watching.load(std::memory_order_seq_cst) == 0) {
        poke();
    }
}

Failure ForkServer::account(const std::optional<Failure>& initializer_failure) const {
    Failure why;
    why.kind = Failure::Kind::broken;
    if (!says_broken()) {
        return why;
    }
    const ServerPage& server = layout_.server();
    if (const pid_t worker = server.initializer_pid.load(std::memory_order_relaxed); worker != 0) {
        if (initializer_failure) {
            why = *initializer_failure;
        } else {
            why.worker_pid = worker;
            why.signal = server.initializer_signal.load(std::memory_order_relaxed);
            why.exit_status = server.initializer_status.load(std::memory_order_relaxed);
            Recovery(layout_).add_last_words(
                server.initializer_worker.load(std::memory_order_relaxed), why);
        }
        why.kind = Failure::Kind::initializer;
    } else if (const int error = server.error.load(std::memory_order_relaxed); error != 0) {
        why.message = std::generic_category().message(error);
    }
    return why;
}

void ForkServer::end_workers() {
    if (!exists()) {
        return;
    }
    PoolPage& pool = layout_.pool();
    pool.command.store(Command::end, std::memory_order_seq_cst);
    layout_.common().doorbell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(layout_.common().doorbell,
                   1 << 30);  // idle workers exit while the fork server wakes up
    poke();
    os::send_signal(pidfd_, SIGCONT);  // somebody may have stopped it
    const ServerPage& server = layout_.server();
    const std::uint64_t until = os::now_ns() + longest_end;
    for (;;) {
        const std::uint32_t state = server.state_word.load(std::memory_order_seq_cst);
        if (server.state() == ServerState::ended || has_ended()) {
            break;
        }
        if (os::now_ns() > until) {
            os::send_signal(pidfd_, SIGKILL);  // its workers die with it
            os::wait_for_end(pidfd_, longest_end / ms);
            break;
        }
        os::futex_wait(server.state_word, state, slice);
    }
    // The tokens of workers that were killed.
    layout_.tokens().take_back_all_of(pool.pool);
}

bool ForkServer::is_unused() const {
    return exists() || !commands_ || os::hang_up(commands_, 2'000);
}

void ForkServer::forget() {
    os::lifelines::remove(commands_.get());
    commands_.reset();
    if (!exists()) {
        return;
    }
    wait::yield_until(os::now_ns() + 200 * us, [&] { return has_ended(); });
    if (pidfd_ && !os::wait_for_end(pidfd_, longest_end / ms)) {
        os::send_signal(pidfd_, SIGKILL);
        os::wait_for_end(pidfd_, longest_end / ms);
    }
    if (pidfd_) {
        os::reap(pidfd_, is_child_);  // this process may be the one that adopts orphans, too
    } else if (is_child_) {
        os::reap(pid_);
    }
    pidfd_.reset();
    pid_ = 0;
}

void ForkServer::leave_to_parent() {
    static_cast<void>(commands_.release());
    static_cast<void>(pidfd_.release());
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
