#include "engine/client/fork_server.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "engine/client/orphans.hpp"
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
#include "os/process_table.hpp"
#include "os/reaping.hpp"
#include "os/refusal.hpp"
#include "os/signals.hpp"
#include "os/unseen_fork.hpp"
#include "trace/crash.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

/// Once per process for each way of starting.
void warn_of_threads(bool inherits) {
    static std::atomic<bool> warned[2]{};
    if (!warned[inherits ? 1 : 0].exchange(true)) {
        std::fputs(
            inherits
                ? "procpool: this program has other threads, and a lock that one of them holds at "
                  "this moment stays locked in the workers of fork_map for ever; OpenMP and other "
                  "libraries that keep threads may wait for them there. Call fork_map before they "
                  "are used, or map of a Pool after procpool::init(argc, argv).\n"
                : "procpool: this program has other threads, and a lock that one of them holds at "
                  "this moment stays locked in the workers for ever. Call procpool::init(argc, "
                  "argv) first thing in main(), or choose Start::fork if no such lock matters.\n",
            stderr);
    }
}

}  // namespace

void ForkServer::start(const EngineOptions& options, WorkerCode& code, const os::KeptFd& region) {
    Start start = options.start;
    os::check_calls(false);
    os::Pipe pipe = os::make_pipe();
    commands_ = os::KeptFd(std::move(pipe.write_end));
    os::lifelines::add(commands_.get());  // at once: other threads may fork
    if (start == Start::automatic && nursery_lives()) {
        start = Start::forkserver;
    }
    if (start == Start::forkserver || start == Start::spawn) {
        start_elsewhere(options, code, region, std::move(pipe.read_end), start);
    } else {
        fork_here(std::move(pipe.read_end), start, options.inherits);
        code.is_that_of_this_process();
    }
    await_workers();
}

void ForkServer::start_elsewhere(const EngineOptions& options, WorkerCode& code,
                                 const os::KeptFd& region, os::Fd commands, Start start) {
    const bool relocated = start == Start::spawn;
    const CheckModules check = [&](const std::vector<ship::Module>& modules) {
        const void* const initialize = reinterpret_cast<const void*>(options.initialize);
        code.check({&initialize, 1}, options.initializer_code, modules, relocated);
        const void* const finalize = reinterpret_cast<const void*>(options.finalize);
        code.check({&finalize, 1}, options.finalizer_code, modules, relocated);
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
        throw std::system_error(
            error, std::generic_category(),
            "procpool: cannot watch the fork server" + os::why_refused("pidfd_open", error));
    }
}

void ForkServer::fork_here(os::Fd commands, Start start, bool inherits) {
    os::Fd self = os::open_pidfd(os::own_pid());
    if (!self) {
        const int error = errno;
        throw std::system_error(
            error, std::generic_category(),
            "procpool: cannot watch this process" + os::why_refused("pidfd_open", error));
    }
    os::flush_every_file();
    trace::prepare_backtraces();
    const pid_t client = os::own_pid();
    const auto become_server = [&] {
        os::lifelines::close_all();
        static_cast<void>(commands_.release());
        Server::live(layout_, {std::move(commands), std::move(self), client});
    };
    const bool alone = os::single_threaded();
    if (!alone && (start == Start::automatic || inherits)) {
        warn_of_threads(inherits);
    }
    os::UnseenChild child;
    int error = 0;
    {
        const os::SignalBlock quiet;  // no handler of the program runs in the child
        child = os::fork_unseen(alone);
        if (child.pid == 0) {
            become_server();
        }
        error = errno;
    }
    if (child.pid < 0) {
        throw std::system_error(error != 0 ? error : EAGAIN, std::generic_category(),
                                "procpool: cannot start the fork server" + os::why_no_fork(error));
    }
    is_child_ = child.is_child;
    pid_ = child.pid;
    pidfd_ = os::open_pidfd(pid_);
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
                if (page.other_standing[0] != '\0') {
                    throw std::system_error(
                        EPERM, std::generic_category(),
                        std::string("procpool: the workers would have another ") +
                            page.other_standing.data() +
                            " than this program, which changed it after init() or its start: call "
                            "init() behind that, or use Start::fork");
                }
                if (const int error = page.error.load(); error != 0) {
                    throw std::system_error(error, std::generic_category(),
                                            "procpool: cannot start " +
                                                std::to_string(layout_.workers()) + " workers" +
                                                os::why_refused("clone", error));
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

bool ForkServer::has_ended() const {
    if (layout_.server().state() == ServerState::ended) {
        return !told_to_end_;
    }
    return commands_.is_lost() || os::has_ended(pidfd_);
}

/// Has its process ended?
bool ForkServer::is_gone() const {
    return commands_.is_lost() ? os::is_gone(pid_) : os::has_ended(pidfd_);
}

void ForkServer::poke() const {
    if (!commands_.is_lost()) {
        os::poke(commands_.fd());
    }
}

void ForkServer::call() const {
    if (layout_.server().watching.load(std::memory_order_seq_cst) == 0) {
        poke();
    }
}

Failure ForkServer::account(const std::optional<Failure>& initializer_failure) const {
    const bool is_initializer =
        says_broken() && layout_.server().initializer_pid.load(std::memory_order_relaxed) != 0;
    const auto kind = is_initializer ? Failure::Kind::initializer : Failure::Kind::broken;
    try {
        Failure why = is_initializer && initializer_failure ? *initializer_failure
                      : is_initializer                      ? end_of_initializer()
                                                            : Failure{.message = cause()};
        why.kind = kind;
        return why;
    } catch (const std::bad_alloc&) {
        return {.kind = kind};  // all who wait must be told
    }
}

/// What is known of the end of an initializer that could not tell itself.
Failure ForkServer::end_of_initializer() const {
    const ServerPage& server = layout_.server();
    Failure why;
    why.worker_pid = server.initializer_pid.load(std::memory_order_relaxed);
    why.signal = server.initializer_signal.load(std::memory_order_relaxed);
    why.exit_status = server.initializer_status.load(std::memory_order_relaxed);
    Recovery(layout_).add_last_words(server.initializer_worker.load(std::memory_order_relaxed), why,
                                     why.signal);
    return why;
}

/// Why the pool is broken, if no initializer broke it.
std::string ForkServer::cause() const {
    if (!says_broken()) {
        return commands_.is_lost() ? "the program closed the descriptors of the pool"
                                   : "its fork server died";
    }
    const int error = layout_.server().error.load(std::memory_order_relaxed);
    return error != 0 ? "its fork server can start no more processes: " +
                            std::generic_category().message(error)
                      : "many workers in a row died before they could begin an item";
}

/// Workers that rest obey while the fork server wakes up.
void ForkServer::command(Command what) {
    told_to_end_ = true;
    layout_.pool().command.store(what, std::memory_order_seq_cst);
    layout_.common().doorbell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(layout_.common().doorbell, 1 << 30);
    poke();
}

void ForkServer::let_workers_finish(std::unique_lock<std::mutex>& lock,
                                    const std::function<bool()>& is_cut_short) {
    if (exists()) {
        command(Command::finish);
    }
    const ServerPage& server = layout_.server();
    const std::uint64_t until = os::now_ns() + longest_finish_of_all + 2 * slice;
    while (!is_cut_short() && exists() && server.state() == ServerState::ready && !has_ended() &&
           os::now_ns() < until) {
        lock.unlock();
        os::futex_wait(server.state_word, static_cast<std::uint32_t>(ServerState::ready), slice);
        lock.lock();
    }
}

void ForkServer::end_workers() {
    if (!exists()) {
        return;
    }
    command(Command::end);
    if (!commands_.is_lost()) {
        os::send_signal(pidfd_, SIGCONT);  // somebody may have stopped it
    }
    const ServerPage& server = layout_.server();
    const std::uint64_t until = os::now_ns() + longest_end;
    for (;;) {
        const std::uint32_t state = server.state_word.load(std::memory_order_seq_cst);
        if (server.state() == ServerState::ended || is_gone()) {
            break;
        }
        if (os::now_ns() > until) {
            if (commands_.is_lost()) {
                left_running_ = true;
                break;
            }
            os::send_signal(pidfd_, SIGKILL);  // its workers die with it
            os::wait_for_end(pidfd_, longest_end / ms);
            break;
        }
        os::futex_wait(server.state_word, state, slice);
    }
    ended_ns_ = os::now_ns();
    clear_up();
    // The tokens of workers that were killed.
    layout_.tokens().take_back_all_of(layout_.pool().pool);
}

std::vector<pid_t> ForkServer::worker_pids() const {
    std::vector<pid_t> pids;
    // Once they are gone their numbers may be others'.
    for (int worker = 0; exists() && worker < layout_.workers(); ++worker) {
        if (const pid_t pid = layout_.server_line(worker).pid.load(std::memory_order_acquire);
            pid != 0) {
            pids.push_back(pid);
        }
    }
    if (const pid_t server = layout_.server().pid.load(); exists() && server != pid_) {
        pids = numbers_here(pids);
    }
    return pids;
}

pid_t ForkServer::worker_pid(int worker) const {
    const bool is_known = exists() && layout_.server().pid.load() == pid_;
    return is_known ? layout_.server_line(worker).pid.load(std::memory_order_acquire) : 0;
}

/// The workers' numbers in this process's PID namespace, by those in their own.
std::vector<pid_t> ForkServer::numbers_here(const std::vector<pid_t>& inner) const {
    std::vector<pid_t> pids;
    if (os::depth_below_table() != std::size_t{0}) {
        return pids;  // no number is known to be theirs
    }
    for (const os::ProcessState& process : os::processes_in_table()) {
        if (process.parent == pid_ &&
            std::ranges::find(inner, os::own_number_of(process.number)) != inner.end()) {
            pids.push_back(process.number);
        }
    }
    return pids;
}

void ForkServer::clear_up() {
    if (cleared_up_ || layout_.server().state() == ServerState::ended || !is_gone()) {
        return;
    }
    cleared_up_ = true;
    kill_what_workers_left(layout_);
    if (!commands_.is_lost()) {
        os::hang_up(commands_.fd(), slice / ms);
    }
    reap_adopted_workers(layout_);
}

bool ForkServer::is_unused() const {
    if (left_running_ || !commands_) {
        return !left_running_;
    }
    const bool ended = layout_.server().state() == ServerState::ended;
    const auto is_let_go = [&] { return os::hang_up(commands_.fd(), 0); };
    if (ended && !commands_.is_lost() && wait::yield_until(os::now_ns() + 200 * us, is_let_go)) {
        return true;
    }
    const std::uint64_t time = !exists() ? longest_unannounced : ended ? slice : longest_orphan;
    return commands_.is_lost() ? ended : os::hang_up(commands_.fd(), time / ms);
}

bool ForkServer::forget() {
    left_running_ = !is_unused();
    if (commands_.is_lost()) {
        static_cast<void>(pidfd_.release());  // the number may be that of a file of the program's
    }
    os::lifelines::remove(commands_.get());
    commands_.reset();
    if (!exists()) {
        return !left_running_;
    }
    const auto has_gone = [&] { return pidfd_ ? os::has_ended(pidfd_) : os::is_gone(pid_); };
    wait::yield_until(os::now_ns() + 200 * us, has_gone);
    if (pidfd_) {
        if (!os::wait_for_end(pidfd_, longest_end / ms)) {
            os::send_signal(pidfd_, SIGKILL);
            os::wait_for_end(pidfd_, longest_end / ms);
        }
        os::reap(pidfd_, is_child_);  // this process may be the one that adopts orphans, too
    } else if (is_child_ && !left_running_) {
        os::reap(pid_);
    }
    pidfd_.reset();
    pid_ = 0;
    return !left_running_;
}

void ForkServer::leave_to_parent() {
    static_cast<void>(commands_.release());
    static_cast<void>(pidfd_.release());
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
