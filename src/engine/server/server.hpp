#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/server/recovery.hpp"
#include "engine/shared/layout.hpp"
#include "os/clock.hpp"
#include "os/fd.hpp"
#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What the fork server inherits from the client.
struct ServerEnds {
    os::Fd commands;  ///< readable: look at the pool page; at its end: the client is gone
    os::Fd client;    ///< pidfd of the client
    pid_t client_pid = 0;
};

/// The parent of the workers: single-threaded, a clean image to fork from. It learns of every death
/// from the kernel, reaps, settles what the dead held, replaces; watches deadlines, the client and
/// the terminal's stop signals. Nothing here waits for a worker.
class Server {
public:
    /// Turns this freshly forked child of the client, without handlers for signals, into the fork
    /// server and never returns.
    [[noreturn]] static void live(const Layout& layout, ServerEnds ends) noexcept;

private:
    struct Place {
        pid_t pid = 0;
        bool ended = false;  // reaped, not yet buried: its report waits for room in its ring
        bool down = false;   // buried, not replaced before the client emptied its ring
        bool vacant = true;  // to be filled
        int signal = 0;
        int status = 0;
        std::uint64_t tried_serial = 0;  // the item that was tried before, and how often
        std::uint64_t tried_item = 0;
        std::uint64_t tries = 0;
        std::uint64_t paused_item = 0;  // when the item started that was stopped, and for how long
        std::uint64_t paused_ns = 0;
    };
    struct Spare {
        pid_t pid = 0;
        os::Fd orders;  // write end: the number of the place to take
    };

    // server.cpp: life
    Server(const Layout& layout, ServerEnds ends);
    void leave_to_worker();
    void start_all();
    [[noreturn]] void serve();
    void obey();
    void read_signals();
    void ring_waiters(std::size_t job);
    void ring_everyone();
    void kill_worker(int worker);
    void give_up(int error);
    [[noreturn]] void shut_down();
    void announce(ServerState state, int error);

    // server_deaths.cpp
    void reap_all();
    void bury(int worker);
    void settle(int worker, const Recovery::Finding& finding, bool& no_room);
    void reopen(int worker);
    void kill_orphans(std::uint64_t until);

    // server_filling.cpp
    void fill_vacancies();
    bool fill(int worker);
    void keep_spare();

    // server_watch.cpp
    [[nodiscard]] int milliseconds_to_sleep() const;
    [[nodiscard]] bool has_work() const;
    void keep_watch();
    void follow_client_stops();
    void look_at_deadlines();

    Layout layout_;
    ServerEnds ends_;
    os::Fd signals_;
    os::Children children_;
    bool ignores_children_ = false;  // the client ignores SIGCHLD, so the workers do
    Recovery recovery_;
    std::vector<Place> places_;
    Spare spare_;
    bool broken_ = false;
    bool orphans_left_ = false;
    std::uint64_t retry_fork_at_ = 0;
    std::uint64_t fork_failing_since_ = 0;
    std::uint64_t fastest_fork_ =
        ~std::uint64_t{0};  // ns; a busy machine makes any single one slow
    int deaths_at_start_ = 0;
    std::uint64_t condemned_seen_ = 0;

    // Ctrl-Z: the workers stop with the client, and their deadlines with them.
    bool watching_ = true;
    std::uint64_t last_work_ = os::now_ns();
    std::uint64_t last_watch_ = os::now_ns();
    std::uint64_t stopped_at_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
