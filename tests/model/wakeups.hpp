#pragma once

#include "explore.hpp"

/// Section 6 of docs/protocol.md: who sleeps, and who wakes whom. Nothing here is sliced: a wake-up
/// that is lost stays lost, and the execution is stuck.
namespace model {

/// A client waits for a job of as many items as workers; each worker runs one. Only a worker that
/// finds the job exhausted rings.
namespace bell {

using u8 = std::uint8_t;

enum class Flaw {
    none,
    client_reads_the_bell_after_looking,
    worker_wakes_before_it_rings,
    tail_may_linger_in_the_store_buffer,  ///< an ordinary store, then a load of W: x86 may swap
                                          ///< them
    server_does_not_ring_for_the_dead,
};

enum class At : u8 { dead, claim, run, publish, decide, ring, look, wake, rest };
enum class ClientAt : u8 { counts, reads_bell, looks, parks, parked, done };
enum class ServerAt : u8 { waits, rings, looks, wakes };

struct State {
    static constexpr int workers = 2;
    struct Worker {
        At at = At::claim;
        u8 claimed = 0, published = 0, buffered = 0, kills = 1;
    };
    std::array<Worker, workers> worker{};
    u8 next = 0;
    u8 bell = 0, waiters = 0, seen = 0;
    ClientAt client = ClientAt::counts;
    ServerAt server = ServerAt::waits;
    u8 patient = 0;
};

class Bell {
public:
    using State = bell::State;
    using Next = std::vector<Successor<State>>;

    explicit Bell(Flaw flaw) : flaw_(flaw) {}

    [[nodiscard]] State initial() const { return {}; }
    [[nodiscard]] const char* broken(const State&) const { return nullptr; }
    [[nodiscard]] bool done(const State& s) const { return s.client == ClientAt::done; }

    void successors(const State& s, Next& out) const {
        if (done(s)) {
            return;
        }
        for (int w = 0; w < State::workers; ++w) {
            worker(s, w, out);
        }
        client(s, out);
        server(s, out);
    }

private:
    Flaw flaw_;

    static void wake(State& n) {
        if (n.client == ClientAt::parked) {
            n.client = ClientAt::reads_bell;
        }
    }

    void worker(const State& s, int w, Next& out) const {
        const auto at = static_cast<std::size_t>(w);
        const auto& now = s.worker[at];
        const auto go = [&](std::string_view what, At then, auto&& change, bool fault = false) {
            auto& n = out.emplace_back(Successor<State>{{"worker", w, what, -1, fault}, s}).state;
            n.worker[at].at = then;
            change(n, n.worker[at]);
        };
        const auto nothing = [](State&, auto&) {};
        const auto drain = [](auto& me) {  // what a locked instruction, and the end of a process,
                                           // do to the store buffer
            me.published |= me.buffered;
            me.buffered = 0;
        };
        const bool early = flaw_ == Flaw::worker_wakes_before_it_rings;
        switch (now.at) {
            case At::dead:
                return;
            case At::claim:
                go("swaps W", At::run, [](State& n, auto& me) {
                    ++n.next;
                    me.claimed = 1;
                });
                break;
            case At::run:
                go("runs its item", At::publish, nothing);
                break;
            case At::publish:
                if (flaw_ == Flaw::tail_may_linger_in_the_store_buffer) {
                    go("tail += frame (in its store buffer)", At::decide,
                       [](State&, auto& me) { me.buffered = 1; });
                } else {
                    go("tail += frame, and a fence", At::decide,
                       [](State&, auto& me) { me.published = 1; });
                }
                break;
            case At::decide:
                if (s.next < State::workers) {
                    go("sees that more is to be claimed: no need to ring", At::rest, nothing);
                } else {
                    go("sees that the job is exhausted", early ? At::look : At::ring, nothing);
                }
                break;
            case At::ring:
                go("bell += 1", early ? At::rest : At::look, [&](State& n, auto& me) {
                    drain(me);
                    ++n.bell;
                });
                break;
            case At::look:
                go("looks at waiters",
                   s.waiters > 0 ? At::wake
                   : early       ? At::ring
                                 : At::rest,
                   nothing);
                break;
            case At::wake:
                go("wakes the client", early ? At::ring : At::rest,
                   [](State& n, auto&) { wake(n); });
                break;
            case At::rest:
                break;
        }
        if (now.buffered != 0) {
            go("its store buffer drains", now.at, [&](State&, auto& me) { drain(me); });
        }
        if (now.kills > 0) {
            go(
                "is killed", At::dead,
                [&](State&, auto& me) {
                    drain(me);
                    --me.kills;
                },
                true);
        }
    }

    void client(const State& s, Next& out) const {
        const bool wrong = flaw_ == Flaw::client_reads_the_bell_after_looking;
        const auto go = [&](std::string_view what, ClientAt then) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"client", -1, what}, s}).state;
            n.client = then;
            return n;
        };
        switch (s.client) {
            case ClientAt::counts:
                ++go("waiters += 1", wrong ? ClientAt::looks : ClientAt::reads_bell).waiters;
                break;
            case ClientAt::reads_bell: {
                auto& n = go("reads the bell", wrong ? ClientAt::parks : ClientAt::looks);
                n.seen = n.bell;
                break;
            }
            case ClientAt::looks:
                if (std::ranges::all_of(s.worker, [](const auto& w) { return w.published != 0; })) {
                    go("finds everything delivered", ClientAt::done);
                } else {
                    go("looks: not everything is there",
                       wrong ? ClientAt::reads_bell : ClientAt::parks);
                }
                break;
            case ClientAt::parks:
                if (s.bell == s.seen) {
                    go("parks", ClientAt::parked);
                } else {
                    go("does not park: the bell has rung",
                       wrong ? ClientAt::looks : ClientAt::reads_bell);
                }
                break;
            case ClientAt::parked:
            case ClientAt::done:
                break;
        }
    }

    void server(const State& s, Next& out) const {
        const auto go = [&](std::string_view what, ServerAt then, int value = -1) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"server", -1, what, value}, s}).state;
            n.server = then;
            return n;
        };
        switch (s.server) {
            case ServerAt::waits:
                for (int w = 0; w < State::workers; ++w) {
                    const auto& dead = s.worker[static_cast<std::size_t>(w)];
                    if (dead.at != At::dead) {
                        continue;
                    }
                    auto& n = go("publishes for the dead worker", ServerAt::rings, w);
                    auto& me = n.worker[static_cast<std::size_t>(w)];
                    me.at = dead.claimed != 0 ? At::rest : At::claim;
                    if (dead.claimed != 0) {
                        me.published = 1;
                    }
                    if (flaw_ == Flaw::server_does_not_ring_for_the_dead) {
                        n.server = ServerAt::waits;
                    }
                }
                break;
            case ServerAt::rings:
                ++go("bell += 1", ServerAt::looks).bell;
                break;
            case ServerAt::looks:
                go("looks at waiters", s.waiters > 0 ? ServerAt::wakes : ServerAt::waits);
                break;
            case ServerAt::wakes:
                wake(go("wakes the client", ServerAt::waits));
                break;
        }
    }
};

}  // namespace bell

/// Idle workers, one spin token, and a client that publishes two jobs of one item each. The items
/// never end, so each job needs a worker of its own: none may sleep while a job waits.
namespace doorbell {

using u8 = std::uint8_t;

enum class Flaw {
    none,
    client_looks_for_a_token_before_it_rings,
    token_given_back_after_the_last_look,
    token_kept_while_working,
    nobody_looks_again_before_work,
    only_the_spinner_looks_again_before_work,
    token_of_the_dead_kept,
    replacement_parks_without_looking,
    nobody_is_woken_for_the_dead,
};

enum class At : u8 {
    dead,
    reads_doorbell,
    looks,
    wants_token,
    spins,
    gives_up,
    checks,
    parks,
    parked,
    releases,
    last_look,
    wakes,
    busy
};
enum class ClientAt : u8 { publishes, rings, looks, wakes, done };
enum class ServerAt : u8 { waits, restarts, wakes };

struct State {
    static constexpr int workers = 3;
    static constexpr int jobs = 2;
    struct Worker {
        At at = At::reads_doorbell;
        u8 seen = 0, busy = 0, kills = 0, fresh = 0;
    };
    std::array<Worker, workers> worker{};
    std::array<u8, jobs> open{};  ///< 1: published, 2: claimed
    u8 doorbell = 0, token = 0;   ///< token: 1 + its holder
    ClientAt client = ClientAt::publishes;
    u8 published = 0, saw_token = 0;
    ServerAt server = ServerAt::waits;
    u8 patient = 0;
};

class Doorbell {
public:
    using State = doorbell::State;
    using Next = std::vector<Successor<State>>;

    explicit Doorbell(Flaw flaw) : flaw_(flaw) {}

    [[nodiscard]] State initial() const {
        State s;
        for (auto& w : s.worker) {
            w.kills = 1;
        }
        s.worker.back().kills = 0;
        if (flaw_ == Flaw::client_looks_for_a_token_before_it_rings) {
            s.client = ClientAt::looks;
        }
        return s;
    }
    [[nodiscard]] const char* broken(const State&) const { return nullptr; }
    [[nodiscard]] bool done(const State& s) const {
        return std::ranges::all_of(s.open, [](u8 job) { return job == 2; });
    }

    void successors(const State& s, Next& out) const {
        if (done(s)) {
            return;
        }
        for (int w = 0; w < State::workers; ++w) {
            worker(s, w, out);
        }
        client(s, out);
        server(s, out);
    }

private:
    Flaw flaw_;

    /// One of those that are parked; which, nobody knows.
    template <class Change>
    static void wake_one(const State& s, std::string_view who, int number, Next& out,
                         Change&& change) {
        bool any = false;
        for (int v = 0; v < State::workers; ++v) {
            if (s.worker[static_cast<std::size_t>(v)].at != At::parked) {
                continue;
            }
            any = true;
            auto& n = out.emplace_back(Successor<State>{{who, number, "wakes worker", v}, s}).state;
            n.worker[static_cast<std::size_t>(v)].at = At::reads_doorbell;
            change(n);
        }
        if (!any) {
            change(
                out.emplace_back(Successor<State>{{who, number, "finds nobody to wake"}, s}).state);
        }
    }

    void worker(const State& s, int w, Next& out) const {
        const auto at = static_cast<std::size_t>(w);
        const auto& now = s.worker[at];
        const u8 mine = static_cast<u8>(w + 1);
        const auto go = [&](std::string_view what, At then, int value = -1) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"worker", w, what, value}, s}).state;
            n.worker[at].at = then;
            return n;
        };
        const bool late = flaw_ == Flaw::token_given_back_after_the_last_look;
        switch (now.at) {
            case At::dead:
                return;
            case At::reads_doorbell: {
                auto& n = go("reads the doorbell", At::looks);
                n.worker[at].seen = n.doorbell;
                if (now.fresh != 0 && flaw_ == Flaw::replacement_parks_without_looking) {
                    n.worker[at].at = At::parks;
                }
                n.worker[at].fresh = 0;
                break;
            }
            case At::looks: {
                bool any = false;
                for (int j = 0; j < State::jobs; ++j) {
                    if (s.open[static_cast<std::size_t>(j)] != 1) {
                        continue;
                    }
                    any = true;
                    const bool spinner = s.token == mine;
                    const bool looks_again =
                        flaw_ != Flaw::only_the_spinner_looks_again_before_work &&
                        flaw_ != Flaw::nobody_looks_again_before_work;
                    auto then = spinner ? At::releases : looks_again ? At::last_look : At::busy;
                    if (spinner && flaw_ == Flaw::token_kept_while_working) {
                        then = At::busy;
                    }
                    auto& n = go("claims job", then, j);
                    n.open[static_cast<std::size_t>(j)] = 2;
                    n.worker[at].busy = 1;
                }
                if (!any) {
                    go("finds no job", s.token == mine ? At::spins : At::wants_token);
                }
                break;
            }
            case At::wants_token:
                if (s.token == 0) {
                    go("takes the token", At::spins).token = mine;
                } else {
                    go("finds no token to take", At::parks);
                }
                break;
            case At::spins:
                if (s.doorbell != now.seen) {
                    go("sees the doorbell", At::reads_doorbell);
                } else {
                    go("has spun enough", late ? At::checks : At::gives_up);
                }
                break;
            case At::gives_up:
                go("gives the token back", late ? At::parked : At::checks).token = 0;
                break;
            case At::checks:
                if (s.doorbell != now.seen) {
                    go("looks at the doorbell: it has changed", At::reads_doorbell);
                } else {
                    go("looks at the doorbell: unchanged", late ? At::gives_up : At::parks);
                }
                break;
            case At::parks:
                if (s.doorbell == now.seen) {
                    go("parks", At::parked);
                } else {
                    go("does not park: the doorbell has changed", At::reads_doorbell);
                }
                break;
            case At::parked:
                break;
            case At::releases:
                go("gives the token back",
                   flaw_ == Flaw::nobody_looks_again_before_work ? At::busy : At::last_look)
                    .token = 0;
                break;
            case At::last_look:
                if (std::ranges::find(s.open, 1) != s.open.end()) {
                    go("sees another job", At::wakes);
                } else {
                    go("sees no other job", At::busy);
                }
                break;
            case At::wakes:
                wake_one(s, "worker", w, out, [&](State& n) { n.worker[at].at = At::busy; });
                break;
            case At::busy:
                break;
        }
        if (now.kills > 0) {
            auto& n =
                out.emplace_back(Successor<State>{{"worker", w, "is killed", -1, true}, s}).state;
            n.worker[at].at = At::dead;
            --n.worker[at].kills;
        }
    }

    void client(const State& s, Next& out) const {
        const bool wrong = flaw_ == Flaw::client_looks_for_a_token_before_it_rings;
        const auto go = [&](std::string_view what, ClientAt then) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"client", -1, what}, s}).state;
            n.client = then;
            return n;
        };
        const auto after = [&](State& n) {
            n.client = ++n.published == State::jobs ? ClientAt::done
                       : wrong                      ? ClientAt::looks
                                                    : ClientAt::publishes;
            n.saw_token = 0;
        };
        switch (s.client) {
            case ClientAt::publishes:
                go("publishes a job", ClientAt::rings).open[s.published] = 1;
                break;
            case ClientAt::rings: {
                auto& n = go("doorbell += 1", wrong ? ClientAt::wakes : ClientAt::looks);
                ++n.doorbell;
                if (wrong && n.saw_token != 0) {
                    after(n);
                }
                break;
            }
            case ClientAt::looks: {
                auto& n = go(s.token != 0 ? "sees that somebody spins" : "sees that nobody spins",
                             wrong ? ClientAt::publishes : ClientAt::wakes);
                n.saw_token = s.token != 0 ? 1 : 0;
                if (!wrong && n.saw_token != 0) {
                    after(n);
                }
                break;
            }
            case ClientAt::wakes:
                wake_one(s, "client", -1, out, after);
                break;
            case ClientAt::done:
                break;
        }
    }

    void server(const State& s, Next& out) const {
        const auto go = [&](std::string_view what, ServerAt then, int value = -1) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"server", -1, what, value}, s}).state;
            n.server = then;
            return n;
        };
        switch (s.server) {
            case ServerAt::waits:
                for (int w = 0; w < State::workers; ++w) {
                    if (s.worker[static_cast<std::size_t>(w)].at != At::dead) {
                        continue;
                    }
                    auto& n =
                        go("gives back the token, if it is that of worker", ServerAt::restarts, w);
                    n.patient = static_cast<u8>(w);
                    if (n.token == w + 1 && flaw_ != Flaw::token_of_the_dead_kept) {
                        n.token = 0;
                    }
                }
                break;
            case ServerAt::restarts: {
                auto& n = go(
                    "starts the replacement of worker",
                    flaw_ == Flaw::nobody_is_woken_for_the_dead ? ServerAt::waits : ServerAt::wakes,
                    s.patient);
                auto& me = n.worker[s.patient];
                me.at = me.busy != 0 ? At::busy : At::reads_doorbell;
                me.seen = 0;
                me.fresh = 1;
                n.patient = 0;
                break;
            }
            case ServerAt::wakes:
                wake_one(s, "server", -1, out, [](State& n) { n.server = ServerAt::waits; });
                break;
        }
    }
};

}  // namespace doorbell
}  // namespace model
