#pragma once

#include "world.hpp"

namespace model::claims {

/// Section 5: what the fork server does when a worker is dead.
///
/// order Recovery::resolve: serial.load was_offer_taken() claim.load serial.load close_word.load
///     evidence.load
/// order Burying::hand_on: phase.store=intent verdict.store verdict.load write_claim()
///     frame_pos.store phase.store=taken phase.store=idle
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
                            n.claim_serial = patient.serial;
                            n.claim_page = patient.page;
                            n.claim_end = patient.end;
                            n.truth = patient.swapped;
                            if (patient.phase == Phase::intent && patient.giver != nobody) {
                                n.server = ServerAt::reads_offer;
                            } else if (patient.phase == Phase::intent) {
                                n.server = is(Flaw::evidence_read_before_the_word)
                                               ? ServerAt::reads_evidence
                                               : ServerAt::reads_word;
                                if (is(Flaw::replacement_before_the_recovery)) {
                                    patient.phase = Phase::idle;
                                    patient.at = At::idle;
                                }
                            } else if (patient.phase == Phase::taken) {
                                n.server = ServerAt::settles;
                            } else {
                                holds_nothing(n, patient);
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
            case ServerAt::reads_offer: {
                const Word& offer = s.workers[s.workers[idx(w)].giver].offered;
                go(
                    "reads the offer of worker",
                    [&](State& n, Worker& patient) {
                        n.found = offer.next == patient.number && offer.taker == w ? 1 : 0;
                        n.server = ServerAt::decides;
                    },
                    s.workers[idx(w)].giver);
                break;
            }
            case ServerAt::decides:
                go(s.found != 0 ? "finds that the claim succeeded" : "finds that the claim failed",
                   [&](State& n, Worker& patient) {
                       require(n, n.found == n.truth,
                               "the doubt about a claim is resolved wrongly");
                       if (is(Flaw::replacement_before_the_recovery)) {
                           n.server = ServerAt::waits;
                       } else if (n.found != 0) {
                           n.server = ServerAt::settles;
                       } else {
                           holds_nothing(n, patient);
                       }
                   });
                break;
            case ServerAt::settles:
                go("settles what it offered", [&](State& n, Worker& patient) {
                    n.held = byte(patient.end - patient.shift);
                    Word& offer = patient.offered;
                    if (patient.offer != 0 && patient.offer == offer.next) {
                        if (offer.taker == nobody && !is(Flaw::offer_of_the_dead_left_open)) {
                            offer.taker = closed;
                        } else if (offer.taker < max_workers &&
                                   !is(Flaw::server_takes_back_what_was_taken)) {
                            n.held = byte(patient.split - patient.shift);
                        }
                    }
                    begin_held(n, patient);
                });
                break;
            case ServerAt::publishes:
                go(
                    "publishes the open frame up to item",
                    [&](State& n, Worker& patient) {
                        require(n, room(patient, 0), "the fork server has to wait for the client");
                        write_header(patient, patient.tail, patient.current);
                        release(n, patient.serial, patient.frame_first, patient.current);
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
                        release(n, patient.serial, i, byte(i + 1));
                        n.items[patient.serial][i].finished = 1;
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
        }
    }

private:
    static void holds_nothing(State& n, Worker& dead) {
        n.server = ServerAt::restarts;
        n.resume = n.held = dead.end = 0;
    }

    /// Section 4: what the slot of the dead says.
    void begin_held(State& n, Worker& dead) const {
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
        ++n.items[dead.serial][dead.current].charged;
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
                const bool given = holds && serial == dead.serial && n.resume <= i && i < n.held;
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
        n.server = ServerAt::waits;
        n.patient = n.witness = n.found = n.truth = n.claim_serial = n.claim_page = n.claim_end = 0;
        if (!holds || dead.tried != n.resume + 1) {
            dead.tries = dead.tried = 0;
        }
        dead.phase = holds ? Phase::taken : Phase::idle;
        dead.begin = byte(n.resume + dead.shift);
        dead.end = byte(n.held + dead.shift);
        dead.current = dead.frame_first = n.resume;
        dead.offer = dead.split = dead.number = 0;
        dead.giver = nobody;
        dead.running = dead.swapped = dead.truly_runs = 0;
        dead.frame_pos = 0xFF;
        if (!holds) {
            dead.serial = dead.page = dead.begin = dead.end = dead.current = dead.frame_first = 0;
            dead.shift = 0;
        }
        if (is(Flaw::evidence_dies_with_its_author)) {
            dead.evidence = {};
        }
        const auto held = n.held;
        n.resume = n.held = 0;
        forget(dead);
        dead.quota = byte(cfg.max_tasks);
        dead.at = holds ? At::room : At::idle;
        if (holds) {
            dead.my_page = dead.page;
            dead.my_serial = dead.serial;
            dead.my_limit = n.pages[dead.page].limit;
            dead.my_shift = dead.shift;
            dead.held_end = dead.end;
            dead.until = held;
            dead.item = byte(dead.begin - dead.shift);
        }
    }
};

}  // namespace model::claims
