#pragma once

#include "closing.hpp"

namespace model::claims {

/// Section 4, stealing: what the victim does. Before each item it looks at its theft word, behind
/// the store of `current`. It shuts that word before it disposes of items. It looks at it, too,
/// before it goes on with what a dead worker left.
///
/// order Items::begin_checked: current.store look_at_thefts()
/// order Thefts::end_at: word_.load split_of() split() split_of() word_.load refuse()
/// order Victim::split_of: claim() claim_check.load
/// order Thefts::shut: shut() end_at()
/// order Items::fail: keep_from() publish_skipped()
/// order Claims::take_inherited: phase.load phase.store=taken end_at() phase.store=idle let_go()
class Looking : public Closing {
public:
    using Closing::Closing;

protected:
    /// False if the worker is elsewhere in its program.
    bool look(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto i = now.item;
        switch (now.at) {
            case At::inherit:
                go(s, w, out, "phase = taken, of what a dead one left",
                   is(Flaw::heir_does_not_look) || is(Flaw::heir_looks_before_it_takes) ? At::room
                                                                                        : At::look,
                   [](State&, Worker& me) { me.phase = Phase::taken; });
                break;
            case At::look_first:  // only in a flaw
                go(s, w, out, "reads its theft word", At::look,
                   [&](State& n, Worker& me) { judge(n, me, w); });
                break;
            case At::look:
                go(s, w, out, "reads its theft word", At::look,
                   [&](State& n, Worker& me) { judge(n, me, w); });
                break;
            case At::look_at_thief:
                go(
                    s, w, out, "reads the claim of worker",
                    is(Flaw::thiefs_claim_read_without_a_second_look) ? At::ends_here
                                                                      : At::look_again,
                    [&](State& n, Worker& me) {
                        me.found = part_of(n.workers[me.read.thief], w, me.read);
                        if (is(Flaw::thiefs_claim_read_without_a_second_look)) {
                            judge_part(n, me, w);
                        }
                    },
                    now.read.thief);
                break;
            case At::look_again:
                go(s, w, out, "reads its theft word again", At::look, [&](State& n, Worker& me) {
                    if (me.theft == me.read) {
                        judge_part(n, me, w);
                    } else {
                        judge(n, me, w);
                    }
                });
                break;
            case At::look_at_split:
                go(s, w, out, "reads its split", At::look, [&](State& n, Worker& me) {
                    if (me.split_number == me.read.count) {
                        me.seen = me.read;
                        end_at(n, me, w, me.split);
                    } else {
                        require(n, me.theft != me.read,
                                "the alarm is raised at a sound theft word");
                    }
                });
                break;
            case At::refuse: {
                const bool wins = now.theft == now.read;
                go(s, w, out, wins ? "refuses the theft" : "does not get to refuse the theft",
                   At::look, [&](State&, Worker& me) {
                       if (wins) {
                           me.theft = {me.read.count, Theft::recorded, nobody, me.read.shut};
                       }
                   });
                break;
            }
            case At::ends_here:
                go(
                    s, w, out, "its claim ends here: current = at",
                    i > now.frame_first ? At::header : At::rest,
                    [&](State&, Worker& me) {
                        me.current = i;
                        me.running = me.truly_runs = 0;
                    },
                    i);
                break;
            case At::shut:
                go(s, w, out, "shuts its theft word", At::look, [&](State&, Worker& me) {
                    me.disposing = 1;
                    if (is(Flaw::disposed_without_shutting)) {
                        return;
                    }
                    me.theft.shut = 1;
                    if (me.theft.state == Theft::proposed) {
                        me.theft.state = Theft::recorded;
                        me.theft.thief = nobody;
                    }
                });
                break;
            case At::reopen:
                go(s, w, out, "opens its theft word again", At::idle, [](State&, Worker& me) {
                    me.theft.shut = 0;
                    forget(me);
                });
                break;
            default:
                return false;
        }
        return true;
    }

private:
    /// A theft word was read: `me.theft`.
    void judge(State& n, Worker& me, int w) const {
        me.read = me.theft;
        me.found = 0;
        if (me.read == me.seen) {
            return go_on(n, me, w);
        }
        if (me.read.state == Theft::proposed) {
            me.at = At::look_at_thief;
        } else if (me.read.count <= me.claim.thefts) {
            me.seen = me.read;
            go_on(n, me, w);
        } else {
            me.at = me.read.state == Theft::decided ? At::look_at_thief : At::look_at_split;
        }
    }

    /// The thief's claim was read, and the theft word is what it was before.
    void judge_part(State& n, Worker& me, int w) const {
        if (me.read.state == Theft::decided) {
            require(n, me.found != not_a_part, "the alarm is raised at a sound theft word");
            me.seen = me.read;
            end_at(n, me, w, me.found);
        } else if ((me.found == not_a_part || me.found <= me.item + me.shift) &&
                   !is(Flaw::proposal_not_refused)) {
            me.at = At::refuse;
        } else {
            if (is(Flaw::proposal_looked_at_once)) {
                me.seen = me.read;
            }
            go_on(n, me, w);
        }
    }

    void end_at(State& n, Worker& me, int w, u8 position) const {
        me.until = std::min(me.until, byte(position - me.shift));
        go_on(n, me, w);
    }

    /// All is known of the theft word.
    void go_on(State& n, Worker& me, int w) const {
        me.read = {};
        me.found = 0;
        if (me.inherits != 0) {
            me.inherits = 0;
            me.at = is(Flaw::heir_looks_before_it_takes) ? At::inherit
                    : me.item < me.until                 ? At::room
                                                         : At::rest;
        } else if (me.disposing != 0) {
            me.at = me.item < me.until ? At::last_room : At::rest;
        } else if (me.item < me.until) {
            start(n, me, w);
            me.at = At::run;
        } else {
            me.at = At::ends_here;
        }
    }
};

}  // namespace model::claims
