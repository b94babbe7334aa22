#pragma once

#include "looking.hpp"

namespace model::claims {

/// Section 4, stealing: what the thief does. It writes its claim and proposes as it would swap a
/// claim word; see claiming.hpp.
///
/// order Thefts::look_at: word() is_in_doubt() phase.load claim() claim_check.load split()
///     current.load
/// order Thefts::is_in_doubt: phase.load source.load
/// order Thefts::take: swap() memory_barrier_in_all() has_not_begun() swap() record() refuse()
/// order Thefts::has_not_begun: current.load phase.load claim() claim_check.load
/// order Victim::record: split.store word() swap()
class Stealing : public Looking {
public:
    using Looking::Looking;

protected:
    /// False if the worker is elsewhere in its program.
    bool steal(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto nothing = [](State&, Worker&) {};
        const int v = now.mine.victim;
        const Worker& victim = s.workers[v == nobody ? 0U : idx(v)];
        const TheftWord proposed{byte(now.mine.number - 1), Theft::proposed, byte(w), 0};
        const auto part = [&](auto&& change) {
            return [&, change](State&, Worker& me) {
                change(me);
                if (me.at == At::idle) {
                    forget(me);
                }
            };
        };
        switch (now.at) {
            case At::see_doubt: {
                const Worker& last = s.workers[now.read.thief];
                const bool doubt = last.phase == Phase::intent && last.claim.victim == v &&
                                   last.claim.number == now.read.count;
                const bool stop = doubt && !is(Flaw::theft_replaced_while_its_thief_is_in_doubt);
                go(s, w, out, "looks whether the last thief is in doubt: worker",
                   stop ? At::idle : At::see_phase, part([](Worker&) {}), now.read.thief);
                break;
            }
            case At::see_phase:
                go(s, w, out, "reads the phase of worker",
                   may_lose(victim) ? At::see_claim : At::idle,
                   part([&](Worker& me) { me.at_first = waits(victim) ? 1 : 0; }), v);
                break;
            case At::see_claim: {
                const bool whole =
                    victim.torn == 0 &&
                    (divisible(victim.claim) || now.at_first != 0 || is(Flaw::whole_claim_stolen));
                const bool robbed = now.read.count > victim.claim.thefts;
                go(s, w, out, "reads the claim of worker",
                   !whole   ? At::idle
                   : robbed ? At::see_split
                            : At::see_current,
                   part([&](Worker& me) {
                       me.other = victim.claim;
                       me.my_page = victim.page;
                       me.my_shift = victim.shift;
                       me.mine.serial = victim.claim.serial;
                       me.mine.end = victim.claim.end;
                   }),
                   v);
                break;
            }
            case At::see_split:
                go(s, w, out, "reads the split of worker",
                   victim.split_number == now.read.count ? At::see_current : At::idle,
                   part([&](Worker& me) { me.mine.end = victim.split; }), v);
                break;
            case At::see_current:
                see_current(s, w, out);
                break;
            case At::verify_current:
                go(
                    s, w, out, "reads current again, of worker",
                    too_late(now, victim) ? At::withdraw
                    : is(Flaw::claim_not_read_again) || is(Flaw::claim_read_before_current)
                        ? At::decide
                        : At::verify_phase,
                    [&](State&, Worker& me) { me.at_first = is_first(me, victim) ? 1 : 0; }, v);
                break;
            case At::verify_phase:
                go(s, w, out, "reads the phase again, of worker",
                   may_lose(victim) && (now.at_first == 0 || waits(victim) ||
                                        is(Flaw::first_item_stolen_from_its_heir))
                       ? At::verify_claim
                       : At::withdraw,
                   nothing, v);
                break;
            case At::verify_claim:
                go(s, w, out, "reads the claim again, of worker",
                   victim.torn != 0 || victim.claim != now.other ? At::withdraw
                   : is(Flaw::claim_read_before_current)         ? At::verify_current
                                                                 : At::decide,
                   nothing, v);
                break;
            case At::early_split:  // only in a flaw
                go(s, w, out, "split =", At::verify_current, write_split, now.mine.begin);
                break;
            case At::decide:
                decide(s, w, out, victim.theft == proposed);
                break;
            case At::write_split:
                go(s, w, out,
                   "split =", is(Flaw::theft_recorded_before_the_split) ? At::taken : At::record,
                   write_split, now.mine.begin);
                break;
            case At::record:
                go(
                    s, w, out, "records the theft from worker",
                    is(Flaw::theft_recorded_before_the_split) ? At::write_split : At::taken,
                    [](State& n, Worker& me) {
                        n.workers[me.mine.victim].theft.state = Theft::recorded;
                    },
                    v);
                break;
            case At::withdraw: {
                const bool still = victim.theft == proposed;
                go(
                    s, w, out,
                    still ? "withdraws its proposal to worker" : "is refused already by worker",
                    At::back_to_idle,
                    [&](State& n, Worker& me) {
                        if (still) {
                            n.workers[idx(v)].theft = {proposed.count, Theft::recorded, nobody, 0};
                        }
                        me.other = {};
                    },
                    v);
                break;
            }
            default:
                return false;
        }
        return true;
    }

    /// Step 1: the theft word of a worker is read.
    void want(const State& s, int w, Next& out) const {
        if (s.workers[idx(w)].thefts_left == 0) {
            return;
        }
        for (int v = 0; v < cfg.workers; ++v) {
            const auto& word = s.workers[idx(v)].theft;
            if (v == w || word.state != Theft::recorded || word.shut != 0) {
                continue;
            }
            const bool other = word.thief != nobody && word.thief != w;
            go(
                s, w, out, "reads the theft word of worker", other ? At::see_doubt : At::see_phase,
                [&](State&, Worker& me) {
                    --me.thefts_left;
                    me.read = word;
                    me.mine.victim = byte(v);
                    me.mine.number = byte(word.count + 1);
                },
                v);
        }
    }

private:
    static void write_split(State& n, Worker& me) {
        n.workers[me.mine.victim].split = me.mine.begin;
        n.workers[me.mine.victim].split_number = me.mine.number;
    }

    /// Whatever it takes is right, but for the first item of a claim that its worker took:
    /// `current` may still be that of an earlier claim. (And the page of its job must stay what it
    /// is.)
    void see_current(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const int v = now.mine.victim;
        const auto& victim = s.workers[idx(v)];
        int after = victim.current + now.my_shift;
        if (now.at_first != 0) {
            --after;  // nothing of it runs
        }
        if (!is(Flaw::whole_claim_stolen)) {
            after = std::max(after, now.other.begin - now.at_first);
        }
        if (cfg.max_tasks != 0) {
            after = std::max(after, now.mine.end - now.quota - 1);
        }
        if (after + 1 >= now.mine.end) {
            go(
                s, w, out, "finds nothing to steal from worker", At::idle,
                [](State&, Worker& me) { forget(me); }, v);
        }
        for (int m = after + 1; m < now.mine.end; ++m) {
            go(
                s, w, out, "reads current, and wants what comes from position", At::idle,
                [&](State&, Worker& me) {
                    me.mine.begin = byte(m);
                    me.at = before_claim(me);
                },
                m);
        }
    }

    [[nodiscard]] bool too_late(const Worker& me, const Worker& victim) const {
        const int at = victim.current + me.my_shift;
        const bool earlier = at < me.other.begin && !is(Flaw::current_of_an_earlier_claim_believed);
        const bool late = at >= me.mine.begin && !is_first(me, victim);
        return (earlier || late) && !is(Flaw::current_not_read_again);
    }
    /// Is `current` at what it wants? That is all right while the claim waits for its worker.
    static bool is_first(const Worker& me, const Worker& victim) {
        return victim.current + me.my_shift == me.mine.begin && victim.running == 0;
    }
    static bool waits(const Worker& victim) { return victim.phase == Phase::waiting; }
    static bool may_lose(const Worker& victim) {
        return victim.phase == Phase::taken || waits(victim);
    }

    void decide(const State& s, int w, Next& out, bool wins) const {
        go(
            s, w, out, wins ? "decides its theft from worker" : "is refused by worker",
            !wins                                       ? At::back_to_idle
            : is(Flaw::theft_recorded_before_the_split) ? At::record
                                                        : At::write_split,
            [&](State& n, Worker& me) {
                me.other = {};
                if (!wins) {
                    return;
                }
                n.workers[me.mine.victim].theft = {me.mine.number, Theft::decided, byte(w), 0};
                me.swapped = 1;
                for (int i = me.mine.begin - me.my_shift; i < me.mine.end - me.my_shift; ++i) {
                    auto& item = n.items[me.mine.serial][idx(i)];
                    require(n,
                            item.holder == me.mine.victim + 1 && item.started == item.charged &&
                                item.finished == 0,
                            "an item is taken from a worker that did not hold it");
                    item.holder = byte(w + 1);
                }
            },
            s.workers[idx(w)].mine.victim);
    }
};

}  // namespace model::claims
