#pragma once

#include "world.hpp"

namespace model::claims {

/// Section 5: what the fork server does when a worker is dead.
///
/// order Recovery::resolve: was_stolen() serial.load claim.load serial.load close_word.load
///     evidence.load
/// order Recovery::inspect: phase.load resolve() phase.store=left held_end() current.load
/// frame_first.load
///     frame_pos.load
/// order Victim::settle: word() refuse() record()
/// order Victim::held_end: word.load refuse() split_of() split() word.load
/// order Burying::hand_on: phase.store=intent current.store verdict.store verdict.load reopen()
///     count() write_claim() frame_pos.store phase.store=taken phase.store=waiting
///     phase.store=idle
class Recovering : public World {
public:
    using World::World;

    void server(const State& s, Next& out) const {
        const int w = s.patient;
        const auto go = [&](std::string_view what, auto&& change, int value = -1) {
            auto& n = out.emplace_back(Successor<State>{{"server", -1, what, value}, s}).state;
            change(n, n.workers[n.patient]);
        };
        switch (s.server) {
            case ServerAt::waits:
                for (int v = 0; v < cfg.workers; ++v) {
                    if (s.workers[idx(v)].at != At::dead) {
                        continue;
                    }
                    go(
                        "reaps worker",
                        [&](State& n, Worker&) {
                            n.patient = byte(v);
                            auto& patient = n.workers[idx(v)];
                            n.claim_serial = patient.claim.serial;
                            n.claim_page = patient.page;
                            n.claim_end = patient.claim.end;
                            n.truth = patient.swapped;
                            if (patient.phase == Phase::intent && patient.claim.victim != nobody) {
                                n.server = ServerAt::reads_theft;
                            } else if (patient.phase == Phase::intent) {
                                n.server = is(Flaw::evidence_read_before_the_word)
                                               ? ServerAt::reads_evidence
                                               : ServerAt::reads_word;
                                if (is(Flaw::replacement_before_the_recovery)) {
                                    patient.phase = Phase::idle;
                                    patient.at = At::idle;
                                }
                            } else if (patient.phase == Phase::taken ||
                                       patient.phase == Phase::waiting) {
                                settle(n, patient);
                            } else {
                                holds_nothing(n);
                            }
                        },
                        v);
                }
                break;
            case ServerAt::reads_word:
                go(
                    "reads W of page",
                    [&](State& n, Worker&) {
                        const Page& page = n.pages[n.claim_page];
                        if (page.serial == n.claim_serial &&
                            same(page.word, {n.claim_end, byte(w), n.claim_serial})) {
                            n.found = 1;
                        }
                        n.server = n.found != 0 || is(Flaw::evidence_read_before_the_word)
                                       ? ServerAt::decides
                                       : ServerAt::reads_evidence;
                    },
                    s.claim_page);
                break;
            case ServerAt::reads_evidence:
                go(
                    s.witness < cfg.workers ? "reads the evidence of worker"
                                            : "reads the evidence of the client",
                    [&](State& n, Worker&) {
                        const Evidence claim{n.claim_serial, n.claim_end};
                        const auto& page = n.pages[n.claim_page];
                        const bool seen =
                            n.witness < cfg.workers
                                ? evidence(n.workers[n.witness], n.claim_page, w) == claim
                                : page.serial == claim.serial && page.evidence_of == w &&
                                      page.evidence == claim;
                        if (seen) {
                            n.found = 1;
                        }
                        if (n.witness++ == cfg.workers) {
                            n.server = is(Flaw::evidence_read_before_the_word)
                                           ? ServerAt::reads_word
                                           : ServerAt::decides;
                            n.witness = 0;
                        }
                    },
                    s.witness < cfg.workers ? s.witness : -1);
                break;
            case ServerAt::reads_theft: {
                const int v = s.workers[idx(w)].claim.victim;
                const auto number = s.workers[idx(w)].claim.number;
                const auto& word = s.workers[idx(v)].theft;
                go(
                    "reads the theft word of worker",
                    [&](State& n, Worker&) {
                        n.server = ServerAt::decides;
                        if (word.thief != w) {
                            return;
                        }
                        if (word.state == Theft::proposed) {
                            n.workers[idx(v)].theft = {word.count, Theft::recorded, nobody,
                                                       word.shut};
                        } else if (word.count == number) {
                            n.found = 1;
                            if (word.state == Theft::decided &&
                                !is(Flaw::theft_of_the_dead_left_decided)) {
                                n.server = ServerAt::writes_split;
                            }
                        }
                    },
                    v);
                break;
            }
            case ServerAt::writes_split:
                go("writes the split of the dead thief", [](State& n, Worker& patient) {
                    auto& victim = n.workers[patient.claim.victim];
                    victim.split = patient.claim.begin;
                    victim.split_number = patient.claim.number;
                    n.server = ServerAt::records;
                });
                break;
            case ServerAt::records:
                go("records the theft of the dead thief", [](State& n, Worker& patient) {
                    n.workers[patient.claim.victim].theft.state = Theft::recorded;
                    n.server = ServerAt::decides;
                });
                break;
            case ServerAt::decides:
                go(s.found != 0 ? "finds that the claim succeeded" : "finds that the claim failed",
                   [&](State& n, Worker& patient) {
                       require(n, n.found == n.truth,
                               "the doubt about a claim is resolved wrongly");
                       if (is(Flaw::replacement_before_the_recovery)) {
                           n.server = ServerAt::waits;
                       } else if (n.found != 0) {
                           settle(n, patient);
                       } else {
                           holds_nothing(n);
                       }
                   });
                break;
            case ServerAt::leaves:
                go("sets its phase to left", [](State& n, Worker& patient) {
                    patient.phase = Phase::left;
                    n.server = ServerAt::refuses;
                });
                break;
            case ServerAt::refuses:
                go("refuses what is proposed to the dead", [&](State& n, Worker& patient) {
                    auto& word = patient.theft;
                    if (word.state == Theft::proposed) {
                        word = {word.count, Theft::recorded, nobody, word.shut};
                    }
                    judge(n, patient);
                });
                break;
            case ServerAt::reads_split:
                go("reads the split of the dead", [&](State& n, Worker& patient) {
                    require(n, patient.split_number == n.read.count,
                            "the alarm is raised at a sound theft word");
                    n.held = byte(patient.split - patient.shift);
                    n.server = ServerAt::inspects;
                });
                break;
            case ServerAt::reads_thief:
                go(
                    "reads the claim of the thief, worker",
                    [&](State& n, Worker& patient) {
                        n.held = byte(part_of(n.workers[n.read.thief], w, n.read) - patient.shift);
                        n.server = ServerAt::reads_again;
                    },
                    s.read.thief);
                break;
            case ServerAt::reads_again:
                go("reads the theft word of the dead again", [&](State& n, Worker& patient) {
                    if (patient.theft != n.read) {
                        return judge(n, patient);
                    }
                    require(n, n.held != byte(not_a_part - patient.shift),
                            "the alarm is raised at a sound theft word");
                    n.server = ServerAt::inspects;
                });
                break;
            case ServerAt::inspects:
                go("reads the rest of the slot",
                   [&](State& n, Worker& patient) { begin_held(n, patient); });
                break;
            case ServerAt::publishes:
                go(
                    "publishes the open frame up to item",
                    [&](State& n, Worker& patient) {
                        require(n, room(patient, 0), "the fork server has to wait for the client");
                        write_header(patient, patient.tail, patient.current);
                        release(n, patient.claim.serial, patient.frame_first, patient.current);
                        ++patient.tail;
                        patient.frame_first = patient.current;
                        after_publication(n, patient);
                    },
                    s.workers[idx(w)].current);
                break;
            case ServerAt::fails:
                go(
                    "publishes the failure of item",
                    [&](State& n, Worker& patient) {
                        require(n, room(patient, 0), "the fork server has to wait for the client");
                        const auto i = patient.current;
                        write_alone(patient, Kind::died, i);
                        release(n, patient.claim.serial, i, byte(i + 1));
                        n.items[patient.claim.serial][i].finished = 1;
                        ++patient.tail;
                        patient.tries = patient.tried = 0;
                        n.resume = byte(i + 1);
                        n.server = ServerAt::restarts;
                    },
                    s.workers[idx(w)].current);
                break;
            case ServerAt::restarts:
                go(
                    s.resume < s.held ? "starts the replacement with the rest from item"
                                      : "starts the replacement with nothing",
                    [&](State& n, Worker& patient) { replace(n, patient); },
                    s.resume < s.held ? s.resume : -1);
                break;
            case ServerAt::hands_on:
                go("writes the rest as its claim",
                   [&](State& n, Worker& patient) { hand_on(n, patient); });
                break;
            case ServerAt::starts:
                go("phase = waiting, or taken; starts it",
                   [&](State& n, Worker& patient) { start(n, patient); });
                break;
        }
    }

private:
    /// It held something.
    void settle(State& n, const Worker& dead) const {
        if (!stealing()) {
            n.server = ServerAt::inspects;
            n.held = byte(dead.claim.end - dead.shift);
        } else {
            // In intent nothing is stolen from it anyway.
            const bool leaves = dead.phase != Phase::intent && !is(Flaw::dead_victim_not_left);
            n.server = leaves ? ServerAt::leaves : ServerAt::refuses;
        }
    }

    /// Where what the dead one held ends, if the theft word that was read says so alone.
    void judge(State& n, Worker& dead) const {
        n.read = dead.theft;
        n.held = byte(dead.claim.end - dead.shift);
        const bool robbed = n.read.count > dead.claim.thefts;
        n.server = !robbed                          ? ServerAt::inspects
                   : n.read.state == Theft::decided ? ServerAt::reads_thief
                                                    : ServerAt::reads_split;
    }

    static void holds_nothing(State& n) {
        n.server = ServerAt::restarts;
        n.resume = n.held = 0;
    }

    /// Section 4: what the slot of the dead says.
    void begin_held(State& n, Worker& dead) const {
        if (dead.current >= n.held) {
            dead.running = 0;  // it had not looked yet
        }
        const bool open = dead.frame_pos == dead.tail;
        const auto published = dead.frame_first;
        if (!open && published > dead.current) {
            dead.running = 0;
            n.resume = published;
            n.server = ServerAt::restarts;
        } else if (open && published < dead.current && !is(Flaw::open_frame_not_published)) {
            n.server = ServerAt::publishes;
        } else {
            after_publication(n, dead);
        }
    }

    void after_publication(State& n, Worker& dead) const {
        n.resume = dead.current;
        n.server = ServerAt::restarts;
        if (dead.running == 0) {
            return;
        }
        require(n, dead.truly_runs == dead.current + 1,
                "an item is charged for a death although it was not running");
        auto& item = n.items[dead.claim.serial][dead.current];
        item.started = ++item.charged;  // it may have died before the item started
        if (dead.tried != dead.current + 1) {
            dead.tries = 0;
        }
        dead.tried = byte(dead.current + 1);
        if (dead.tries++ == cfg.retries) {
            n.server = ServerAt::fails;
        }
    }

    void replace(State& n, Worker& dead) const {
        const int w = n.patient;
        const bool holds = n.resume < n.held;
        // The truth: what it held and has not published is what the replacement starts with, no
        // more and no less.
        for (int serial = 1; serial <= max_jobs; ++serial) {
            for (int i = 0; i < max_items; ++i) {
                const bool held = n.items[idx(serial)][idx(i)].holder == w + 1;
                const bool given =
                    holds && serial == dead.claim.serial && n.resume <= i && i < n.held;
                if (held && !given) {
                    blame(n, dead.phase == Phase::retired
                                 ? "a worker retires with items in its hands"
                                 : "an item is lost");
                }
                if (given && !held) {
                    blame(n, "an item is dispensed that its worker did not hold");
                }
            }
        }
        if (!holds || dead.tried != n.resume + 1) {
            dead.tries = dead.tried = 0;
        }
        if (is(Flaw::evidence_dies_with_its_author)) {
            dead.evidence = {};
        }
        dead.current = dead.frame_first = n.resume;
        dead.running = dead.swapped = dead.truly_runs = 0;
        dead.frame_pos = 0xFF;
        dead.theft.shut = 0;
        forget(dead);
        if (!holds) {
            dead.phase = Phase::idle;
            dead.current = dead.frame_first = 0;
            if (!stealing()) {  // otherwise somebody may still look at it
                dead.claim = {};
                dead.page = dead.shift = 0;
            }
            dead.quota = byte(cfg.max_tasks);
            dead.at = At::idle;
            return rest(n);
        }
        dead.phase = Phase::intent;
        n.server = ServerAt::hands_on;
        if (!stealing()) {
            hand_on(n, dead);
            start(n, dead);
        }
    }

    void hand_on(State& n, Worker& dead) const {
        const ClaimWords rest{dead.claim.serial, byte(n.resume + dead.shift),
                              byte(n.held + dead.shift)};
        dead.claim = rest;
        dead.claim.thefts = dead.theft.count;
        dead.torn = 0;
        n.server = ServerAt::starts;
    }

    void start(State& n, Worker& dead) const {
        // What has used up a try is not stolen: its tries are counted at this place.
        const bool waits = stealing() && dead.tries == 0;
        dead.phase = waits ? Phase::waiting : Phase::taken;
        dead.at = !stealing()                            ? At::room
                  : is(Flaw::heir_looks_before_it_takes) ? At::look_first
                                                         : At::inherit;
        dead.inherits = stealing() && !is(Flaw::heir_does_not_look) ? 1 : 0;
        dead.quota = byte(cfg.max_tasks);
        dead.my_page = dead.page;
        dead.mine.serial = dead.claim.serial;
        dead.my_limit = n.pages[dead.page].limit;
        dead.my_shift = dead.shift;
        dead.until = n.held;
        dead.item = byte(dead.claim.begin - dead.shift);
        rest(n);
    }

    static void rest(State& n) {
        n.server = ServerAt::waits;
        n.patient = n.witness = n.found = n.truth = n.claim_serial = n.claim_page = n.claim_end = 0;
        n.resume = n.held = 0;
        n.read = {};
    }
};

}  // namespace model::claims
