#pragma once

#include <algorithm>

#include "world.hpp"

namespace model::claims {

/// Section 3: what a worker does to take items, and how it writes its claim.
///
/// order Claims::take: serial.load word.load serial.load limit.load serial.load swap_in()
/// order Claims::swap_in: note_taker() sign() word.compare_exchange
/// order Claims::sign: count() write_claim() phase.store=intent swap() phase.store=taken
///     phase.store=idle
/// order note_taker: evidence.load phase.load serial.load end.load evidence.store
/// order Slot::write_claim: job.store serial.store begin.store end.store shift.store source.store
///     thefts.store claim_check.store frame_first.store current.store
class Claiming : public World {
public:
    using World::World;

protected:
    [[nodiscard]] At first_claim_step() const {
        return is(Flaw::intent_before_the_claim) ? At::intent : At::claim_page;
    }
    /// Nothing is stolen of a claim of one item that a worker took, so it needs no count of thefts.
    [[nodiscard]] At before_claim(const Worker& me) const {
        return stealing() && me.mine.end - me.mine.begin > 1 ? At::read_thefts : first_claim_step();
    }

    /// False if the worker is elsewhere in its program.
    bool claim(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto nothing = [](State&, Worker&) {};
        switch (now.at) {
            case At::dead:
                break;
            case At::idle:
                for (int p = 0; p < max_pages; ++p) {
                    look(s, w, p, out);
                }
                break;
            case At::read_word:
                go(
                    s, w, out, "reads W of page", At::read_limit,
                    [&](State& n, Worker& me) { read_word(n, me); }, now.my_page);
                break;
            case At::read_limit:
                go(s, w, out, "reads the job's limit", At::read_again, [&](State& n, Worker& me) {
                    me.my_limit = n.pages[me.my_page].limit;
                    if (is(Flaw::serial_not_read_again)) {
                        consider(n, me);
                    }
                });
                break;
            case At::read_again:
                go(s, w, out, "reads the serial again", At::idle, [&](State& n, Worker& me) {
                    if (n.pages[me.my_page].serial == me.mine.serial) {
                        consider(n, me);
                    } else {
                        forget(me);
                    }
                });
                break;
            case At::recheck:
                go(s, w, out, "reads the serial again", At::idle, [](State& n, Worker& me) {
                    require(n, n.pages[me.my_page].serial != me.mine.serial,
                            "the alarm is raised at a sound claim word");
                    forget(me);
                });
                break;
            case At::note:
                go(
                    s, w, out, "evidence of worker",
                    is(Flaw::evidence_after_the_swap) ? At::taken : before_claim(now),
                    [&](State&, Worker& me) {
                        evidence(me, me.my_page, me.word.taker) = {me.mine.serial, me.word.next};
                    },
                    now.word.taker);
                break;
            case At::note_phase: {
                const bool intent = s.workers[now.word.taker].phase == Phase::intent;
                go(s, w, out, "reads the phase of worker", intent ? At::note_serial : At::note,
                   nothing, now.word.taker);
                break;
            }
            case At::note_serial: {
                const auto& taker = s.workers[now.word.taker];
                const auto& kept = now.evidence[0][now.word.taker];
                go(s, w, out, "reads the claim's serial of worker",
                   taker.claim.serial == kept.serial ? At::note_end : At::note, nothing,
                   now.word.taker);
                break;
            }
            case At::note_end: {
                const auto& taker = s.workers[now.word.taker];
                const auto& kept = now.evidence[0][now.word.taker];
                go(s, w, out, "reads the claim's end of worker",
                   taker.claim.end == kept.end ? before_claim(now) : At::note, nothing,
                   now.word.taker);
                break;
            }
            case At::read_thefts:
                go(s, w, out, "reads its own theft word", first_claim_step(),
                   [&](State&, Worker& me) {
                       me.mine.thefts = is(Flaw::thefts_kept_for_the_next_claim) ? me.claim.thefts
                                                                                 : me.theft.count;
                   });
                break;
            case At::claim_page:
                go(
                    s, w, out, "claim: job in page", At::claim_begin,
                    [](State&, Worker& me) {
                        me.torn = 1;
                        me.claim.serial = me.mine.serial;
                        me.page = me.my_page;
                        me.shift = me.my_shift;
                        me.swapped = 0;
                    },
                    now.my_page);
                break;
            case At::claim_begin:
                go(
                    s, w, out, "claim: begin =", At::claim_end,
                    [](State&, Worker& me) { me.claim.begin = me.mine.begin; }, now.mine.begin);
                break;
            case At::claim_end:
                go(
                    s, w, out, "claim: end =", stealing() ? At::claim_source : At::claim_first,
                    [&](State&, Worker& me) {
                        me.claim.end = me.mine.end;
                        me.torn = stealing() ? 1 : 0;
                    },
                    now.mine.end);
                break;
            case At::claim_source:
                go(s, w, out, "claim: source, thefts", At::claim_check, [&](State&, Worker& me) {
                    me.claim.victim = me.mine.victim;
                    me.claim.number = me.mine.number;
                    me.claim.thefts = divisible(me.mine) || is(Flaw::thefts_counted_for_one_item)
                                          ? me.mine.thefts
                                          : never_stolen;
                });
                break;
            case At::claim_check:
                go(s, w, out, "claim: check", At::claim_first,
                   [](State&, Worker& me) { me.torn = 0; });
                break;
            case At::claim_first:
                if (is(Flaw::claim_keeps_the_old_frame_first)) {
                    go(s, w, out, "claim: keeps frame_first", At::claim_current, nothing);
                } else {
                    go(
                        s, w, out, "claim: frame_first =", At::claim_current,
                        [](State&, Worker& me) {
                            me.frame_first = byte(me.mine.begin - me.my_shift);
                        },
                        now.mine.begin - now.my_shift);
                }
                break;
            case At::claim_current:
                go(
                    s, w, out, "claim: current = at",
                    is(Flaw::intent_before_the_claim) ? At::swap : At::intent,
                    [](State&, Worker& me) {
                        me.current = byte(me.mine.begin - me.my_shift);
                        me.running = 0;
                    },
                    now.mine.begin - now.my_shift);
                break;
            case At::intent:
                go(s, w, out, "phase = intent",
                   is(Flaw::intent_before_the_claim) ? At::claim_page : At::swap,
                   [&](State&, Worker& me) {
                       me.phase = is(Flaw::taken_before_the_swap) ? Phase::taken : Phase::intent;
                   });
                break;
            case At::swap:
                if (now.mine.victim == nobody) {
                    swap(s, w, out);
                } else {
                    propose(s, w, out);
                }
                break;
            case At::back_to_idle:
                go(s, w, out, "phase = idle", At::idle, [&](State&, Worker& me) {
                    if (!is(Flaw::phase_not_idle_while_the_claim_is_rewritten)) {
                        me.phase = Phase::idle;
                    }
                    forget(me);
                });
                break;
            case At::taken:
                go(s, w, out, "phase = taken", At::room, [](State&, Worker& me) {
                    me.phase = Phase::taken;
                    me.item = byte(me.claim.begin - me.shift);
                    me.until = byte(me.claim.end - me.shift);
                });
                break;

            default:
                return false;
        }
        return true;
    }

private:
    void look(const State& s, int w, int p, Next& out) const {
        const auto& page = s.pages[idx(p)];
        const auto& jobs = cfg.pages[idx(p)];
        if (jobs.empty()) {
            return;
        }
        // Looking at a page with nothing to claim leads back to here. It is only of interest when
        // the page may change meanwhile.
        const bool open = page.serial != 0 && page.word.serial == page.serial &&
                          page.word.taker != closed && page.word.next < page.limit;
        const bool reused = jobs.size() > 1;
        if (!open && (!reused || page.turn + 1U == jobs.size() || page.serial == 0 ||
                      s.workers[idx(w)].looks == 0)) {
            return;
        }
        auto& next = out.emplace_back(Successor<State>{{"worker", w, "looks at page", p}, s}).state;
        auto& me = next.workers[idx(w)];
        if (!open) {
            --me.looks;
        }
        me.my_page = byte(p);
        me.mine.serial = page.serial;
        me.at = At::read_word;
        if (!reused) {  // nothing of this page changes but W: one step is as good as three
            me.at = At::idle;
            read_word(next, me);
            me.my_limit = page.limit;
            consider(next, me);
        }
    }

    /// The order of the loads is that of Claims::take.
    void read_word(State& n, Worker& me) const {
        me.word = n.pages[me.my_page].word;
        if (!sound(me.word, me.mine.serial)) {
            me.at = At::recheck;
        }
    }

    /// All of W, the limit and the serial is read.
    void consider(State& n, Worker& me) const {
        if (me.word.taker == closed || me.word.next >= me.my_limit) {
            forget(me);
            me.at = At::idle;
            return;
        }
        me.my_shift = n.pages[me.my_page].shift;
        me.mine.begin = me.word.next;
        me.mine.end = end_of(me);
        const auto taker = me.word.taker;
        const bool other = taker != nobody && &me != &n.workers[idx(taker)];
        const bool skip = is(Flaw::no_evidence) || is(Flaw::evidence_after_the_swap);
        me.at = !other || skip ? before_claim(me) : At::note;
        if (me.at == At::note && cfg.keeping == Keeping::word_per_worker) {
            const auto kept = evidence(me, 0, taker).serial;
            if (kept != 0 && kept != me.mine.serial) {
                me.at = At::note_phase;
            }
        }
    }

    [[nodiscard]] u8 end_of(const Worker& me) const {
        int end = std::min<int>(me.word.next + cfg.chunk, me.my_limit);
        if (cfg.max_tasks != 0 && !is(Flaw::chunk_larger_than_the_quota)) {
            end = std::min<int>(end, me.word.next + me.quota);
        }
        return byte(end);
    }

    void swap(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const bool wins = same(s.pages[now.my_page].word, now.word);
        auto& n = out
                      .emplace_back(Successor<State>{
                          {"worker", w,
                           wins ? "swaps W: next =" : "its swap fails: next !=", now.claim.end},
                          s})
                      .state;
        auto& me = n.workers[idx(w)];
        if (!wins) {
            me.at = At::back_to_idle;
            return;
        }
        n.pages[me.my_page].word = {me.claim.end, byte(w), me.word.serial};
        const auto before = me.word;
        me.word = {};
        me.swapped = 1;
        me.at = At::taken;
        const auto truth = n.pages[me.my_page].serial;
        for (int i = me.claim.begin - me.shift; i < me.claim.end - me.shift; ++i) {
            if (truth == 0 || me.claim.serial != truth || i < 0 || idx(i) >= job(truth).size()) {
                return blame(n, "an item outside its job is claimed");
            }
            auto& item = n.items[truth][idx(i)];
            require(n, item.holder == 0 && item.started == 0 && item.delivered == 0,
                    "an item is claimed twice");
            item.holder = byte(w + 1);
        }
        if (is(Flaw::evidence_after_the_swap) && before.taker < max_workers && before.taker != w) {
            me.word = before;
            me.at = At::note;
        }
    }

    /// Step 5 of stealing. A barrier in all workers follows; memory is sequentially consistent
    /// here.
    void propose(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const bool wins = s.workers[now.mine.victim].theft == now.read;
        const auto then = is(Flaw::split_written_before_the_theft_is_decided) ? At::early_split
                          : is(Flaw::claim_read_before_current)               ? At::verify_phase
                                                                              : At::verify_current;
        go(
            s, w, out, wins ? "proposes a theft from worker" : "cannot propose a theft from worker",
            wins ? then : At::back_to_idle,
            [&](State& n, Worker& me) {
                if (wins) {
                    n.workers[me.mine.victim].theft = {me.read.count, Theft::proposed, byte(w), 0};
                }
                me.read = {};
            },
            now.mine.victim);
    }
};

}  // namespace model::claims
