#include "engine/client/client.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include <procpool/cpu.hpp>

#include "engine/client/started_server.hpp"
#include "engine/server/recovery.hpp"
#include "engine/server/server.hpp"
#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/cpus.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/lifelines.hpp"
#include "os/output.hpp"
#include "os/polling.hpp"
#include "os/process.hpp"
#include "os/process_mark.hpp"
#include "os/reaping.hpp"
#include "os/signals.hpp"
#include "os/unseen_fork.hpp"
#include "trace/crash.hpp"
#include "wait/spin.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// The life of a pool, from its fork server's first moment to its last.
namespace engine {

namespace {

/// Once in a process.
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

std::uint64_t next_pool_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

Client::Client(const EngineOptions& options)
    : region_(memory::Region::current()),
      owner_(os::process_mark()),
      layout_(Layout::plan(options.processes, region_.size() / 4)),
      readers_(static_cast<std::size_t>(options.processes)) {
    used_.resize(layout_.jobs() / 64);
    layout_.place(region_.reserve(layout_.size()), region_.base(), region_.size());
    try {
        set_up(options);
        start_server(options);
        await_server();
    } catch (...) {
        end_workers();
        const bool unused = is_unused();
        forget_server();
        if (unused) {
            region_.unreserve(layout_.base(), layout_.size());
        }
        throw;
    }
}

/// What the workers are to know from the start.
void Client::set_up(const EngineOptions& options) {
    PoolPage& pool = layout_.pool();
    pool.pool = next_pool_number();
    pool.secret = mix(owner_ ^ os::now_ns() ^ pool.pool << 48U);
    pool.workers = static_cast<std::uint64_t>(options.processes);
    pool.max_tasks = options.max_tasks_per_child;
    pool.memory_limit = options.memory_limit;
    if (options.initialize != nullptr) {
        initializer_ = Block(options.initializer.size());
        std::copy(options.initializer.begin(), options.initializer.end(), initializer_.data());
        pool.initialize = options.initialize;
        pool.initializer = initializer_.data();
        pool.initializer_size = options.initializer.size();
    }
    if (options.pin) {
        const std::vector<int> cpus = os::cpus_to_bind();
        for (int worker = 0; worker < options.processes && !cpus.empty(); ++worker) {
            layout_.line(worker).cpu = cpus[static_cast<std::size_t>(worker) % cpus.size()];
        }
    }
    static std::atomic<int> cpus_seen{0};  // no lock, which a forked child could find held
    if (cpus_seen.load(std::memory_order_relaxed) == 0) {
        cpus_seen.store(usable_cpus(), std::memory_order_relaxed);
    }
    const int cpus = cpus_seen.load(std::memory_order_relaxed);
    pool.tokens = static_cast<std::uint64_t>(
        std::clamp(cpus - 1, 1, static_cast<int>(wait::SpinTokens::most)));
    // On a single CPU whoever spins keeps from running what he waits for.
    pool.spin_ns = cpus > 1 ? worker_spin : 0;
    client_spin_ns_ = cpus > 1 ? client_spin : 0;
}

Client::~Client() {
    if (!belongs_to_this_process()) {
        // A forked child: the pool, its processes and its memory are the parent's.
        commands_.release();
        server_.release();
        return;
    }
    const std::scoped_lock lock(mutex_);
    end_jobs();
    // While the fork server goes: it has written its last word there.
    region_.unreserve(layout_.base(), layout_.size());
    forget_server();
}

bool Client::belongs_to_this_process() const { return owner_ == os::process_mark(); }

/// The fork server, from where the options say.
void Client::start_server(const EngineOptions& options) {
    Start start = options.start;
    os::Pipe pipe = os::make_pipe();
    commands_ = std::move(pipe.write_end);
    os::lifelines::add(commands_.get());  // at once: other threads may fork
    if (start == Start::automatic && nursery_lives()) {
        start = Start::forkserver;
    }
    if (start == Start::forkserver || start == Start::spawn) {
        relocates_ = start == Start::spawn;
        const CheckModules check = [&](const std::vector<ship::Module>& modules) {
            const void* const initialize = reinterpret_cast<const void*>(options.initialize);
            check_code({&initialize, 1}, options.initializer_code, modules);
        };
        StartedServer started = start == Start::spawn
                                    ? start_anew(layout_, pipe.read_end, region_.file(), check)
                                    : start_in_nursery(layout_, pipe.read_end, check);
        server_pid_ = started.pid;
        server_ = std::move(started.pidfd);
        check_watch(started.error);
        modules_ = std::make_shared<const std::vector<ship::Module>>(std::move(started.modules));
    } else {
        fork_server(std::move(pipe.read_end), start);
        modules_ = ship::known_modules();
        modules_version_ = ship::modules_version();
    }
}

/// Without a pidfd nobody would notice its death.
void Client::check_watch(int error) const {
    if (!server_) {
        throw std::system_error(error, std::generic_category(),
                                "procpool: cannot watch the fork server (raise `ulimit -n`?)");
    }
}

void Client::fork_server(os::Fd commands, Start start) {
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
        server_is_child_ = alone && pid > 0;
    }
    if (pid <= 0) {
        throw std::system_error(
            error != 0 ? error : EAGAIN, std::generic_category(),
            "procpool: cannot start the fork server" + words_for_refusal(error));
    }
    server_pid_ = pid;
    server_ = os::open_pidfd(pid);
    check_watch(errno);
}

/// Waits until every worker is forked.
void Client::await_server() {
    ServerPage& page = layout_.server();
    for (;;) {
        switch (page.state()) {
            case ServerState::ready:
                return;
            case ServerState::starting:
                break;
            case ServerState::broken:
                // Not for want of processes: it was ready, and an initializer broke it since.
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
        if (os::has_ended(server_) && page.state() == ServerState::starting) {
            throw std::system_error(ECHILD, std::generic_category(),
                                    "procpool: the fork server died while it started");
        }
        os::futex_wait(page.state_word, static_cast<std::uint32_t>(ServerState::starting), slice);
    }
}

/// Has the fork server end every worker, and waits until they are gone.
void Client::end_workers() {
    if (server_pid_ == 0) {
        return;
    }
    PoolPage& pool = layout_.pool();
    pool.command.store(Command::end, std::memory_order_seq_cst);
    pool.doorbell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(pool.doorbell, 1 << 30);  // the idle ones go while the fork server wakes up
    os::poke(commands_);
    os::send_signal(server_pid_, SIGCONT);  // somebody may have stopped it
    const ServerPage& server = layout_.server();
    const std::uint64_t until = os::now_ns() + longest_end;
    for (;;) {
        const std::uint32_t state = server.state_word.load(std::memory_order_seq_cst);
        if (server.state() == ServerState::ended || os::has_ended(server_)) {
            break;
        }
        if (os::now_ns() > until) {
            os::send_signal(server_pid_, SIGKILL);  // its workers die with it
            os::wait_for_end(server_, longest_end / ms);
            break;
        }
        os::futex_wait(server.state_word, state, slice);
    }
    // What workers held when they were killed.
    layout_.tokens().take_back_all_of(pool.pool);
}

/// After a start that failed: false if a fork server that was ordered, but never announced, may run
/// still. It writes to the pool's memory until it finds the end of its commands.
bool Client::is_unused() const {
    return server_pid_ != 0 || !commands_ || os::hang_up(commands_, 2'000);
}

/// Waits for the end of a fork server without workers, which takes as long as waking up would.
void Client::forget_server() {
    os::lifelines::remove(commands_.get());
    commands_.reset();
    if (server_pid_ == 0) {
        return;
    }
    wait::yield_until(os::now_ns() + 200 * us, [&] { return os::has_ended(server_); });
    if (server_ && !os::wait_for_end(server_, longest_end / ms)) {
        os::send_signal(server_pid_, SIGKILL);
        os::wait_for_end(server_, longest_end / ms);
    }
    if (server_is_child_) {
        os::reap(server_pid_);
    } else {
        os::reap_if_ended(server_pid_);  // this process may be the one that adopts orphans
    }
    server_.reset();
    server_pid_ = 0;
}

void Client::close() {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::open) {
        state_ = State::closed;
    }
}

void Client::join() {
    Lock lock(mutex_);
    if (state_ == State::open) {
        throw std::logic_error(
            "procpool: join() before close() or terminate() would wait for ever: call close() "
            "first");
    }
    while (unresolved_ != 0 && state_ == State::closed) {
        const auto busy = std::find_if(jobs_.begin(), jobs_.end(),
                                       [](const JobHandle& job) { return job != nullptr; });
        const JobHandle job = *busy;
        lock.unlock();
        wait(job, ~std::uint64_t{0}, Clock::time_point::max());
        lock.lock();
    }
    end_workers();
    forget_server();
    if (state_ == State::closed) {
        state_ = State::ended;
    }
}

void Client::terminate() {
    const std::scoped_lock lock(mutex_);
    end_jobs();
    forget_server();
}

/// Ends the workers; what waits for them resolves.
void Client::end_jobs() {
    if (state_ == State::open || state_ == State::closed) {
        state_ = State::terminated;
    }
    end_workers();
    drain();  // what had finished before is not lost
    drop_everything(Failure{.kind = Failure::Kind::terminated});
}

/// The fork server is gone although nobody asked it to: so are its workers, and what they had not
/// published.
void Client::notice_server_death() {
    if (state_ == State::broken || state_ == State::terminated || state_ == State::ended ||
        server_pid_ == 0) {
        return;
    }
    const bool told = layout_.server().state() == ServerState::broken;
    if (!told && !os::has_ended(server_)) {
        return;
    }
    state_ = State::broken;
    drain();
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        // They die with their parent; what their tasks started is in their groups.
        os::send_signal_to_group(layout_.server_line(worker).pid.load(), SIGKILL);
    }
    broken_as_ = why_broken(told);
    drop_everything(broken_as_);
}

/// The fork server's account of what broke the pool, if it could give one.
Failure Client::why_broken(bool told) const {
    Failure why;
    why.kind = Failure::Kind::broken;
    if (!told) {
        return why;
    }
    const ServerPage& server = layout_.server();
    if (const pid_t worker = server.initializer_pid.load(std::memory_order_relaxed); worker != 0) {
        if (initializer_failure_) {
            why = *initializer_failure_;
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

std::vector<pid_t> Client::worker_pids() const {
    std::vector<pid_t> pids;
    const std::scoped_lock lock(mutex_);
    if (server_pid_ == 0) {
        return pids;  // they are gone, and their numbers may be others' by now
    }
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        if (const pid_t pid = layout_.server_line(worker).pid.load(std::memory_order_acquire);
            pid != 0) {
            pids.push_back(pid);
        }
    }
    return pids;
}

void Client::check_open() const {
    switch (state_) {
        case State::open:
            return;
        case State::closed:
        case State::ended:
            throw PoolClosed("procpool: the pool is closed: it takes no new work after close()");
        case State::terminated:
            throw PoolTerminated("procpool: the pool is terminated: make a new one");
        case State::broken:
            if (broken_as_.kind == Failure::Kind::initializer) {
                throw_failure(broken_as_);
            }
            throw PoolBroken(
                "procpool: the pool is broken: its fork server died or can fork no more" +
                (broken_as_.message.empty() ? "" : " (" + broken_as_.message + ")") +
                "; make a new pool");
    }
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
