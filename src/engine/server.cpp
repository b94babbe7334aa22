#include "engine/server.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>

#include "engine/worker.hpp"
#include "memory/region.hpp"
#include "os/clock.hpp"
#include "os/crash.hpp"
#include "os/process.hpp"

namespace procpool::engine {
namespace {

constexpr std::uint64_t ms = 1'000'000;
/// A pool whose workers cannot be forked for this long, while none is left or one left work behind,
/// is broken.
constexpr std::uint64_t fork_patience = 2'000 * ms;
/// So many workers in a row that die before they reach their loop break the pool: no respawn storm.
constexpr int most_deaths_at_start = 64;
/// Deaths wait this long for the end of what the dead had started; deadlines wait with them.
constexpr std::uint64_t orphan_patience = 20 * ms;
/// While there is work, the client is looked at as often: the workers stop when it does.
constexpr std::uint64_t watch_interval = 50 * ms;
/// Without work for so long, it is not looked at any more.
constexpr std::uint64_t watch_patience = 1'000 * ms;
/// Where forking takes longer than this, a spare is forked ahead.
constexpr std::uint64_t slow_fork = 3 * ms;

}  // namespace

void Server::live(const Layout& layout, ServerEnds ends) {
    os::block_all_signals();
    // What kills the client's whole group shall not take along who cleans up after it.
    os::lead_own_group();
    os::reset_signal_handlers();
    os::handle_crashes();
    const bool ignores_children = os::take_notice_of_children();
    os::adopt_orphans();
    os::empty_stdin();
    memory::Region::protect_inherited(layout.region_base());
    Server server(layout, std::move(ends));
    server.ignores_children_ = ignores_children;
    if (!server.signals_) {
        server.announce(ServerState::broken, errno);
        os::end_process(1);
    }
    server.start_all();
    server.serve();
}

Server::Server(const Layout& layout, ServerEnds ends)
    : layout_(layout),
      ends_(std::move(ends)),
      signals_(os::make_signalfd()),
      children_(os::open_own_children()),
      recovery_(layout),
      places_(static_cast<std::size_t>(layout.workers())) {}

/// In a forked child: gives up what only the fork server needs.
void Server::leave_to_worker() {
    ends_ = {};
    signals_.reset();
    children_.reset();
    if (ignores_children_) {
        os::ignore_children();
    }
}

void Server::announce(ServerState state, int error) {
    ServerPage& page = layout_.server();
    page.error.store(error, std::memory_order_relaxed);
    page.state.store(state, std::memory_order_seq_cst);
    page.news.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(page.news, 1 << 30);
}

/// The first workers: a pool that cannot have all of them is not made.
void Server::start_all() {
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        if (!fill(worker)) {
            const int error = errno;
            announce(ServerState::broken, error);
            shut_down();
        }
    }
    announce(ServerState::ready, 0);
    keep_spare();
}

void Server::serve() {
    const std::vector<int> watched{ends_.commands.get(), ends_.client.get(), signals_.get()};
    for (;;) {
        os::wait_readable(watched, milliseconds_to_sleep());
        if (os::drain(ends_.commands) == os::Drained::closed || os::has_ended(ends_.client)) {
            shut_down();
        }
        obey();
        read_signals();
        follow_client_stops();
        reap_all();
        if (orphans_left_) {
            kill_orphans(0);
        }
        if (!broken_) {
            fill_vacancies();
            look_at_deadlines();
        }
    }
}

int Server::milliseconds_to_sleep() const {
    const std::uint64_t now = os::now_ns();
    std::uint64_t until = ~std::uint64_t{0};
    if (const std::uint64_t look = layout_.server().next_look.load(std::memory_order_relaxed);
        look != 0 && stopped_at_ == 0) {
        until = std::min(until, look);
    }
    if (stopped_at_ != 0) {
        until = std::min(until, now + 20 * ms);
    } else if (watching_) {
        until = std::min(until, last_watch_ + watch_interval);
    }
    if (orphans_left_) {
        until = std::min(until, now + 10 * ms);
    }
    for (const Place& place : places_) {
        if (!broken_ && (place.ended || place.down)) {
            until = std::min(until, now + 5 * ms);  // until the client made room
        } else if (!broken_ && place.vacant) {
            until = std::min(until, std::max(retry_fork_at_, now));
        }
    }
    if (until == ~std::uint64_t{0}) {
        return -1;
    }
    return until <= now
               ? 0
               : static_cast<int>(std::min<std::uint64_t>((until - now + ms - 1) / ms, 60'000));
}

void Server::obey() {
    const PoolPage& pool = layout_.pool();
    if (pool.command.load(std::memory_order_acquire) == Command::end) {
        shut_down();
    }
    const std::uint64_t condemned = pool.condemned.load(std::memory_order_acquire);
    if (condemned != condemned_seen_) {
        condemned_seen_ = condemned;
        for (int worker = 0; worker < layout_.workers(); ++worker) {
            const std::uint64_t incarnation =
                layout_.server_line(worker).incarnation.load(std::memory_order_relaxed);
            if (layout_.line(worker).condemn.load(std::memory_order_acquire) == incarnation) {
                kill_worker(worker);
            }
        }
    }
}

void Server::read_signals() {
    while (os::read_signal(signals_) != 0) {
    }
}

bool Server::has_work() const {
    const auto& summary = layout_.pool().summary;
    return std::any_of(summary.begin(), summary.end(),
                       [](const Word& word) { return word.load(std::memory_order_seq_cst) != 0; });
}

/// Without work nobody needs to stop with the client: then this process sleeps until the client
/// pokes it at the next job.
void Server::keep_watch() {
    const std::uint64_t now = os::now_ns();
    std::atomic<std::uint32_t>& watching = layout_.server().watching;
    if (has_work()) {
        last_work_ = now;
    }
    if (watching_ && now - last_work_ > watch_patience) {
        watching.store(0, std::memory_order_seq_cst);
        watching_ = has_work();  // one that came meanwhile saw the old word, or is seen here
    } else {
        watching_ = watching_ || last_work_ == now;
    }
    if (watching_ && watching.load(std::memory_order_relaxed) == 0) {
        watching.store(1, std::memory_order_seq_cst);
    }
}

/// Ctrl-Z stops the client's group, and with the client its workers: they are in groups of their
/// own.
void Server::follow_client_stops() {
    keep_watch();
    const std::uint64_t now = os::now_ns();
    if (stopped_at_ == 0 && (!watching_ || now - last_watch_ < watch_interval)) {
        return;
    }
    last_watch_ = now;
    const bool stopped = os::run_state(ends_.client_pid) == os::RunState::stopped;
    if (stopped == (stopped_at_ != 0)) {
        return;
    }
    if (stopped) {
        stopped_at_ = now;
    } else {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            Place& place = places_[i];
            const std::uint64_t started =
                layout_.slot(static_cast<int>(i)).started.load(std::memory_order_acquire);
            const std::uint64_t before = place.paused_item == started ? place.paused_ns : 0;
            place.paused_item = started;
            place.paused_ns = before + now - std::min(now, std::max(started, stopped_at_));
        }
        stopped_at_ = 0;
    }
    for (const Place& place : places_) {
        os::send_signal_to_group(place.pid, stopped ? SIGSTOP : SIGCONT);
    }
}

void Server::reap_all() {
    const std::uint64_t until = os::now_ns() + orphan_patience;
    while (const pid_t pid = os::next_ended_child()) {
        const auto place = std::find_if(places_.begin(), places_.end(),
                                        [&](const Place& p) { return p.pid == pid; });
        if (place == places_.end()) {
            os::reap(pid);
            if (pid == spare_.pid) {
                spare_ = {};
            } else {
                orphans_left_ = true;  // one has ended, so its own children are here now
            }
            continue;
        }
        // Whatever it started dies first, the leader is reaped last.
        os::send_signal_to_group(pid, SIGKILL);
        kill_orphans(until);
        const os::Ending ending = os::reap(pid);
        place->ended = true;
        place->pid = 0;
        place->signal = ending.signal;
        place->status = ending.status;
        bury(static_cast<int>(place - places_.begin()));
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (places_[i].ended) {
            bury(static_cast<int>(i));
        }
        // The client emptied the ring of a worker that left corrupt memory behind.
        const auto worker = static_cast<int>(i);
        const std::uint64_t incarnation =
            layout_.server_line(worker).incarnation.load(std::memory_order_relaxed);
        if (places_[i].down &&
            layout_.line(worker).emptied.load(std::memory_order_acquire) == incarnation) {
            Slot& slot = layout_.slot(worker);
            slot.tail.store(layout_.line(worker).head.load(std::memory_order_acquire),
                            std::memory_order_relaxed);
            slot.frame_pos.store(~std::uint64_t{0}, std::memory_order_relaxed);
            slot.verdict.store(0, std::memory_order_relaxed);
            slot.alarm.store(0, std::memory_order_relaxed);
            slot.starved.store(0, std::memory_order_relaxed);
            for (Word& word : slot.evidence) {
                word.store(0, std::memory_order_relaxed);
            }
            slot.phase.store(phase::idle, std::memory_order_release);
            layout_.server_line(worker).down.store(0, std::memory_order_release);
            places_[i].down = false;
            places_[i].vacant = true;
        }
    }
}

/// docs/protocol.md, part 5. Leaves the place `ended` when the report does not fit into the ring
/// yet.
void Server::bury(int worker) {
    Place& place = places_[static_cast<std::size_t>(worker)];
    ServerLine& line = layout_.server_line(worker);
    const std::uint64_t incarnation = line.incarnation.load(std::memory_order_relaxed);
    if (layout_.slot(worker).initializing.load(std::memory_order_acquire) == incarnation) {
        ServerPage& page = layout_.server();
        page.initializer_signal.store(place.signal, std::memory_order_relaxed);
        page.initializer_status.store(place.status, std::memory_order_relaxed);
        page.initializer_pid.store(line.pid.load(std::memory_order_relaxed),
                                   std::memory_order_relaxed);
        place.ended = false;
        line.pid.store(0, std::memory_order_release);
        give_up(0);
        return;
    }
    const bool condemned =
        layout_.line(worker).condemn.load(std::memory_order_acquire) == incarnation;
    const Recovery::Finding finding = condemned
                                          ? Recovery::Finding{.state = Recovery::State::corrupt}
                                          : recovery_.inspect(worker);
    bool no_room = false;
    bool sane = finding.state != Recovery::State::corrupt;
    if (finding.state == Recovery::State::held) {
        if (finding.frame_open && !recovery_.publish_open_frame(worker, finding)) {
            sane = false;
        } else {
            settle(worker, finding, no_room);
        }
    } else if (sane) {
        layout_.slot(worker).phase.store(phase::idle, std::memory_order_release);
    }
    if (no_room) {
        return;
    }
    take_back_token(worker);
    if (layout_.slot(worker).ready.load(std::memory_order_relaxed) != incarnation && sane) {
        ++deaths_at_start_;
    } else {
        deaths_at_start_ = 0;
    }
    if (!finding.retired) {
        layout_.server().deaths.fetch_add(1, std::memory_order_relaxed);
    }
    place.ended = false;
    line.pid.store(0, std::memory_order_release);
    if (sane) {
        place.vacant = true;
    } else {
        place.down = true;
        line.down.store(incarnation, std::memory_order_release);
        layout_.server().downs.fetch_add(1, std::memory_order_release);
    }
    // Whatever the dead published or owed a bell for, its clients hear of it.
    ring_everyone();
    if (deaths_at_start_ >= most_deaths_at_start) {
        give_up(0);
    }
}

/// Reports what the dead held, and leaves the rest of its claim in its slot for the replacement.
void Server::settle(int worker, const Recovery::Finding& finding, bool& no_room) {
    Place& place = places_[static_cast<std::size_t>(worker)];
    Slot& slot = layout_.slot(worker);
    const JobPage& page = layout_.job(finding.claim.job);
    std::uint64_t rest = finding.item;
    if (finding.was_running) {
        if (place.tried_serial != finding.claim.serial || place.tried_item != finding.item) {
            place.tried_serial = finding.claim.serial;
            place.tried_item = finding.item;
            place.tries = 0;
        }
        if (place.tries < page.retries) {
            ++place.tries;
        } else {
            detail::Failure failure;
            failure.kind =
                finding.timed_out ? detail::Failure::Kind::timed_out : detail::Failure::Kind::died;
            failure.index = finding.item;
            failure.worker_pid = layout_.server_line(worker).pid.load(std::memory_order_relaxed);
            failure.signal = place.signal;
            failure.exit_status = place.status;
            recovery_.add_last_words(worker, failure);
            failure.timeout = std::chrono::nanoseconds(finding.timed_out ? page.timeout_ns : 0);
            if (recovery_.publish_failure(worker, finding.claim, failure) ==
                Recovery::Reported::no_room) {
                no_room = true;
                return;
            }
            ++rest;
        }
    }
    slot.phase.store(phase::idle, std::memory_order_release);
    slot.verdict.store(
        verdict(count_of(slot.verdict.load(std::memory_order_relaxed)), Verdict::none),
        std::memory_order_release);
    if (rest < finding.claim.end_item()) {
        Claim claim = finding.claim;
        claim.begin = rest - claim.shift;
        slot.write_claim(claim, layout_.pool().secret);
        slot.frame_pos.store(~std::uint64_t{0}, std::memory_order_relaxed);
        slot.phase.store(phase::taken, std::memory_order_release);
    }
}

void Server::fill_vacancies() {
    const std::uint64_t now = os::now_ns();
    if (now < retry_fork_at_) {
        return;
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!places_[i].vacant) {
            continue;
        }
        if (fill(static_cast<int>(i))) {
            fork_failing_since_ = 0;
            continue;
        }
        const int error = errno;
        fork_failing_since_ = fork_failing_since_ == 0 ? now : fork_failing_since_;
        const bool any_left = std::any_of(places_.begin(), places_.end(),
                                          [](const Place& place) { return place.pid != 0; });
        // What a dead worker left of its claim nobody else may take.
        const bool stranded = std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
            const Slot& slot = layout_.slot(static_cast<int>(&place - places_.data()));
            return place.vacant && slot.phase.load(std::memory_order_relaxed) == phase::taken;
        });
        if ((!any_left || stranded) && now - fork_failing_since_ > fork_patience) {
            give_up(error);
        }
        retry_fork_at_ = now + 5 * ms;
        return;
    }
    retry_fork_at_ = 0;
    keep_spare();
}

/// Puts a new process into a vacant place. False and errno when it cannot be forked.
bool Server::fill(int worker) {
    Place& place = places_[static_cast<std::size_t>(worker)];
    ServerLine& line = layout_.server_line(worker);
    const std::uint64_t incarnation = line.incarnation.load(std::memory_order_relaxed) + 1;
    pid_t pid = 0;
    if (spare_.pid != 0) {
        pid = spare_.pid;
        line.incarnation.store(incarnation, std::memory_order_release);
        line.pid.store(pid, std::memory_order_release);
        place.pid = pid;
        place.vacant = false;
        const char order[2] = {static_cast<char>(worker & 0xff), static_cast<char>(worker >> 8)};
        const bool sent =
            ::write(spare_.orders.get(), order, sizeof order) == static_cast<ssize_t>(sizeof order);
        spare_ = {};
        if (!sent) {
            os::send_signal(
                pid, SIGKILL);  // it is gone or will be: its death is noticed as any worker's
        }
        return true;
    }
    const std::uint64_t before = os::now_ns();
    const pid_t self = os::own_pid();
    line.incarnation.store(incarnation, std::memory_order_release);
    pid = os::fork_process();
    if (pid < 0) {
        line.incarnation.store(incarnation - 1, std::memory_order_release);
        return false;
    }
    if (pid == 0) {
        leave_to_worker();
        detail::WorkerLoop::live(layout_, worker, self);
    }
    fastest_fork_ = std::min(fastest_fork_, os::now_ns() - before);
    os::make_group_leader(pid);
    line.pid.store(pid, std::memory_order_release);
    place.pid = pid;
    place.vacant = false;
    // The dead may have held the token that kept a client from waking anyone.
    os::futex_wake(layout_.pool().doorbell, 1);
    return true;
}

/// Where forking is slow (a client with much memory), the next worker is forked before it is
/// needed.
void Server::keep_spare() {
    const bool timed = layout_.server().next_look.load(std::memory_order_relaxed) != 0;
    if (fastest_fork_ < slow_fork || spare_.pid != 0 || broken_ || timed) {
        return;
    }
    os::Pipe orders;
    try {
        orders = os::make_pipe();
    } catch (const std::exception&) {
        return;  // no spare, then: workers are forked when they are needed
    }
    const pid_t self = os::own_pid();
    const pid_t pid = os::fork_process();
    if (pid < 0) {
        return;
    }
    if (pid == 0) {
        orders.write_end.reset();
        leave_to_worker();
        os::die_with_parent();
        unsigned char order[2]{};
        for (;;) {
            os::wait_readable({orders.read_end.get()}, -1);
            const auto got = ::read(orders.read_end.get(), order, sizeof order);
            if (got == static_cast<ssize_t>(sizeof order)) {
                break;
            }
            if (got == 0 || os::parent_pid() != self) {
                os::end_process(0);
            }
        }
        orders.read_end.reset();
        detail::WorkerLoop::live(layout_, order[0] | order[1] << 8, self);
    }
    spare_.pid = pid;
    spare_.orders = std::move(orders.write_end);
}

/// Kills every child that is not a worker: what tasks of dead workers left behind. A live worker
/// adopts its own. Waits for their end until then; what does not go in time goes in a later turn.
void Server::kill_orphans(std::uint64_t until) {
    for (;;) {
        orphans_left_ = false;
        for (const pid_t child : os::own_children(children_)) {
            const bool known = child == spare_.pid ||
                               std::any_of(places_.begin(), places_.end(),
                                           [&](const Place& place) { return place.pid == child; });
            if (!known) {
                os::send_signal(child, SIGKILL);
                // Look again in any case: what it had started becomes a child of this process.
                orphans_left_ = true;
                os::reap_if_ended(child);
            }
        }
        if (!orphans_left_ || os::now_ns() > until) {
            return;
        }
        os::wait_readable({signals_.get()}, 1);
        read_signals();
    }
}

void Server::look_at_deadlines() {
    ServerPage& server = layout_.server();
    for (;;) {
        const std::uint64_t shortest =
            layout_.pool().shortest_timeout.load(std::memory_order_seq_cst);
        if (shortest == 0) {
            server.next_look.store(0, std::memory_order_seq_cst);
        } else if (stopped_at_ == 0) {
            const std::uint64_t now = os::now_ns();
            std::uint64_t next = now + shortest;
            for (int worker = 0; worker < layout_.workers(); ++worker) {
                Slot& slot = layout_.slot(worker);
                const std::uint64_t job = slot.job.load(std::memory_order_acquire);
                std::uint64_t seen = slot.verdict.load(std::memory_order_acquire);
                if (!is_phase(slot.phase.load(std::memory_order_acquire))) {
                    kill_worker(worker);  // written over by its task: nothing here can be timed
                    continue;
                }
                if (places_[static_cast<std::size_t>(worker)].pid == 0 ||
                    state_of(seen) != Verdict::running || job >= layout_.jobs()) {
                    continue;
                }
                const std::uint64_t started = slot.started.load(std::memory_order_acquire);
                const Place& place = places_[static_cast<std::size_t>(worker)];
                const std::uint64_t paused = place.paused_item == started ? place.paused_ns : 0;
                const std::uint64_t timeout = layout_.job(job).timeout_ns;
                const std::uint64_t deadline = started + timeout + paused;
                if (timeout == 0 || slot.verdict.load(std::memory_order_acquire) != seen) {
                    continue;
                }
                if (deadline > now) {
                    next = std::min(next, deadline);
                } else if (slot.verdict.compare_exchange_strong(
                               seen, seen - static_cast<std::uint64_t>(Verdict::running) +
                                         static_cast<std::uint64_t>(Verdict::condemned))) {
                    kill_worker(worker);
                }
            }
            server.next_look.store(next, std::memory_order_seq_cst);
        }
        // A job that came meanwhile saw the old `next_look`, or is seen here.
        if (layout_.pool().shortest_timeout.load(std::memory_order_seq_cst) == shortest) {
            return;
        }
    }
}

void Server::kill_worker(int worker) {
    const pid_t pid = places_[static_cast<std::size_t>(worker)].pid;
    os::send_signal_to_group(pid, SIGKILL);
    os::send_signal(pid, SIGKILL);
}

void Server::take_back_token(int worker) {
    auto& tokens = *reinterpret_cast<Tokens*>(layout_.region_base());
    std::uint64_t mine = layout_.pool().pool << 16U | static_cast<std::uint64_t>(worker + 1);
    for (Word& holder : tokens.holder) {
        std::uint64_t expected = mine;
        holder.compare_exchange_strong(expected, 0);
    }
}

void Server::ring_waiters(std::size_t job) {
    os::FutexWord& bell = layout_.words(job).bell;
    bell.fetch_add(1, std::memory_order_seq_cst);
    os::futex_wake(bell, 1 << 30);
}

void Server::ring_everyone() {
    for (std::size_t word = 0; word < layout_.jobs() / 64; ++word) {
        for (std::uint64_t bits = layout_.pool().active[word].load(std::memory_order_acquire);
             bits != 0; bits &= bits - 1) {
            ring_waiters(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
        }
    }
}

/// No more workers can be had: the pool is broken. Those that live are ended, so that nothing runs
/// for nobody.
void Server::give_up(int error) {
    broken_ = true;
    for (int worker = 0; worker < layout_.workers(); ++worker) {
        kill_worker(worker);
    }
    announce(ServerState::broken, error);
    ring_everyone();
}

void Server::shut_down() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        kill_worker(static_cast<int>(i));
    }
    os::send_signal(spare_.pid, SIGKILL);
    for (const Place& place : places_) {
        if (place.pid != 0) {
            os::reap(place.pid);
        }
    }
    if (spare_.pid != 0) {
        os::reap(spare_.pid);
    }
    places_.clear();
    spare_ = {};
    // Orphans are killed until none is left; a bound keeps one that the kernel cannot end from
    // keeping this process.
    const std::uint64_t until = os::now_ns() + 2'000 * ms;
    for (kill_orphans(until); orphans_left_ && os::now_ns() < until; kill_orphans(until)) {
        while (const pid_t pid = os::next_ended_child()) {
            os::reap(pid);
        }
    }
    announce(ServerState::ended, layout_.server().error.load(std::memory_order_relaxed));
    os::end_process(0);
}

}  // namespace procpool::engine
