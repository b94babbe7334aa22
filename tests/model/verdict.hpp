#pragma once

#include "explore.hpp"

/// Section 6 of docs/protocol.md: a timed item is either finished or timed out, and the kill never
/// hits the next one. A worker runs the first item of one job after another; any of them may become
/// overdue.
namespace model::verdict {

using u8 = std::uint8_t;

enum class Flaw {
    none,
    verdict_names_the_item,  ///< not the turn: the first item of the next job looks like this one
    started_is_read_before_verdict,
    loser_goes_on,
};

enum class At : u8 {
    dead,
    starts,
    says_running,
    runs,
    says_finished,
    publishes,
    waits_for_the_kill,
    done
};
enum class ServerAt : u8 { first_read, second_read, swaps, kills, done };
enum class Mark : u8 { none, running, finished, condemned };

struct State {
    static constexpr int turns = 3;
    At at = At::starts;
    u8 turn = 0;
    u8 started = 0;  ///< the turn whose start is written; 1 + turn
    u8 of = 0;       ///< verdict: of which turn (1 + turn), or which item
    Mark mark = Mark::none;
    u8 overdue = 0;  ///< bits: turns whose deadline has passed
    ServerAt server = ServerAt::first_read;
    u8 read_started = 0, read_of = 0;
    Mark read_mark = Mark::none;
    u8 condemned = 0;      ///< 1 + turn that the server's swap hit
    u8 published = 0;      ///< bits
    u8 looks = 3 * turns;  ///< of the server; more show nothing new
    u8 broken = 0;
};

class Verdict {
public:
    using State = verdict::State;
    using Next = std::vector<Successor<State>>;

    explicit Verdict(Flaw flaw) : flaw_(flaw) {}

    [[nodiscard]] State initial() const { return {}; }
    [[nodiscard]] const char* broken(const State& s) const {
        constexpr std::array rules{static_cast<const char*>(nullptr),
                                   "an item is condemned before its time is over",
                                   "the kill hits another item", "a condemned item is published"};
        return rules[s.broken];
    }
    [[nodiscard]] bool done(const State& s) const { return s.at == At::done || s.at == At::dead; }

    void successors(const State& s, Next& out) const {
        if (done(s)) {
            return;
        }
        worker(s, out);
        server(s, out);
    }

private:
    Flaw flaw_;

    [[nodiscard]] u8 name(u8 turn) const {
        return flaw_ == Flaw::verdict_names_the_item ? u8{1} : static_cast<u8>(turn + 1);
    }

    void worker(const State& s, Next& out) const {
        const auto go = [&](std::string_view what, At then) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"worker", -1, what, s.turn}, s}).state;
            n.at = then;
            return n;
        };
        switch (s.at) {
            case At::starts:
                go("started = now, in turn", At::says_running).started =
                    static_cast<u8>(s.turn + 1);
                break;
            case At::says_running: {
                auto& n = go("verdict = running, in turn", At::runs);
                n.of = name(s.turn);
                n.mark = Mark::running;
                break;
            }
            case At::runs:
                go("the item returns, in turn", At::says_finished);
                if ((s.overdue >> s.turn & 1) == 0) {
                    auto& n =
                        out.emplace_back(
                               Successor<State>{{"time", -1, "is over for turn", s.turn, true}, s})
                            .state;
                    n.overdue = static_cast<u8>(n.overdue | 1U << s.turn);
                }
                break;
            case At::says_finished:
                if (s.mark == Mark::running) {
                    go("verdict = finished, in turn", At::publishes).mark = Mark::finished;
                } else {
                    go("finds itself condemned, in turn",
                       flaw_ == Flaw::loser_goes_on ? At::publishes : At::waits_for_the_kill);
                }
                break;
            case At::publishes: {
                auto& n = go("publishes the item of turn", At::starts);
                n.published = static_cast<u8>(n.published | 1U << s.turn);
                if (s.condemned == s.turn + 1) {
                    n.broken = 3;
                }
                if (++n.turn == State::turns) {
                    n.at = At::done;
                }
                break;
            }
            case At::waits_for_the_kill:
            case At::dead:
            case At::done:
                break;
        }
    }

    void server(const State& s, Next& out) const {
        const auto go = [&](std::string_view what, ServerAt then) -> State& {
            auto& n = out.emplace_back(Successor<State>{{"server", -1, what}, s}).state;
            n.server = then;
            return n;
        };
        const auto read = [&](bool verdict, ServerAt then) {
            auto& n = go(verdict ? "reads verdict" : "reads started", then);
            if (verdict) {
                n.read_of = n.of;
                n.read_mark = n.mark;
            } else {
                n.read_started = n.started;
            }
        };
        const bool wrong = flaw_ == Flaw::started_is_read_before_verdict;
        switch (s.server) {
            case ServerAt::first_read:
                if (s.looks == 0) {
                    break;
                }
                read(!wrong, ServerAt::second_read);
                --out.back().state.looks;
                break;
            case ServerAt::second_read:
                read(wrong, ServerAt::swaps);
                break;
            case ServerAt::swaps: {
                const bool late = s.read_mark == Mark::running && s.read_started != 0 &&
                                  (s.overdue >> (s.read_started - 1) & 1) != 0;
                if (!late) {
                    auto& n = go("finds nothing overdue", ServerAt::first_read);
                    n.read_started = n.read_of = 0;
                    n.read_mark = Mark::none;
                    break;
                }
                if (s.mark == Mark::running && s.of == s.read_of) {
                    auto& n = go("condemns the item", ServerAt::kills);
                    n.mark = Mark::condemned;
                    n.condemned = static_cast<u8>(n.turn + 1);
                    if ((n.overdue >> n.turn & 1) == 0) {
                        n.broken = 1;
                    }
                } else {
                    auto& n =
                        go("does not condemn: the item has just finished", ServerAt::first_read);
                    n.read_started = n.read_of = 0;
                    n.read_mark = Mark::none;
                }
                break;
            }
            case ServerAt::kills: {
                auto& n = go("kills the worker", ServerAt::done);
                if (n.condemned != n.turn + 1) {
                    n.broken = 2;
                }
                n.at = At::dead;
                break;
            }
            case ServerAt::done:
                break;
        }
    }
};

}  // namespace model::verdict
