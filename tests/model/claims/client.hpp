#pragma once

#include "world.hpp"

namespace model::claims {

/// What the client does: takes in results, uses pages again, cancels.
class Client : public World {
public:
    using World::World;

    void drain(const State& s, int w, Next& out) const {
        if (s.workers[idx(w)].head == s.workers[idx(w)].tail) {
            return;
        }
        auto& n =
            out.emplace_back(Successor<State>{{"client", -1, "takes a frame of worker", w}, s})
                .state;
        auto& me = n.workers[idx(w)];
        auto& frame = me.ring[idx(me.head % cfg.ring)];
        if (frame.stamp != me.head + 1) {
            return blame(n, "a frame is read that is not there");
        }
        for (int k = 0; k < frame.count; ++k) {
            const int i = frame.first + k;
            auto& item = n.items[frame.serial][idx(i)];
            require(n, item.delivered == 0, "an item is delivered twice");
            switch (frame.kind) {
                case Kind::none:
                    blame(n, "a frame is read that is not there");
                    break;
                case Kind::results:
                    require(n, frame.body[idx(k)] == i + 1,
                            "a frame is published without the results it announces");
                    break;
                case Kind::part:
                    item.parts = 1;
                    continue;  // a first part also restarts what a dead worker left unfinished
                case Kind::last_part:
                    require(n, item.parts == 1, "a large result ends that has not begun");
                    break;
                case Kind::died:
                    require(n, item.charged == cfg.retries + 1,
                            "an item fails although it has tries left");
                    break;
                case Kind::threw:
                case Kind::skipped:
                    break;
            }
            item.parts = 0;
            item.delivered = 1;
        }
        frame = {};
        ++me.head;
    }

    [[nodiscard]] bool resolved(const State& s, int p) const {
        const auto& page = s.pages[idx(p)];
        const auto end = page.word.taker == closed ? page.word.next : page.limit;
        if (is(Flaw::page_reused_when_all_is_claimed) &&
            page.turn + 1U < cfg.pages[idx(p)].size()) {
            return page.word.next >= end;
        }
        for (int i = 0; i < end - page.shift; ++i) {
            if (s.items[page.serial][idx(i)].delivered == 0) {
                return false;
            }
        }
        return true;
    }

    /// The next job of a page. Its positions begin behind those of the last one.
    ///
    /// order JobBoard::finish: serial.store
    /// order JobBoard::put_up: claim.store close_word.store cancelled.store limit.store
    /// serial.store
    void restart(const State& s, int p, Next& out) const {
        const auto& jobs = cfg.pages[idx(p)];
        const auto& now = s.pages[idx(p)];
        if (jobs.empty() || now.turn + 1U >= jobs.size()) {
            return;
        }
        if (now.stage == 0 && (!resolved(s, p) || (s.cancel != 0 && s.cancel != 3))) {
            return;
        }
        const auto serial = serial_of(p, now.turn + 1);
        const auto count = jobs[now.turn + 1U].size();
        const auto go = [&](std::string_view what, auto&& change) {
            auto& n = out.emplace_back(Successor<State>{{"client", -1, what, p}, s}).state;
            auto& page = n.pages[idx(p)];
            page.stage = byte(now.stage + 1);
            change(n, page);
        };
        const auto write_word = [&] {
            go("writes the claim word of the next job in page",
               [&](State&, Page& page) { page.word = {page.shift, nobody, serial}; });
        };
        const auto write_limit = [&] {
            go("writes the next job's limit into page",
               [&](State&, Page& page) { page.limit = byte(page.shift + count); });
        };
        const bool late_word = is(Flaw::limit_before_the_word);
        switch (now.stage) {
            case 0:
                go("gives up the job; serial = 0 in page", [&](State& n, Page& page) {
                    for (int i = 0; i < page.word.next - page.shift; ++i) {
                        require(n, n.items[page.serial][idx(i)].delivered == 1,
                                "a job page is reused while an item of it is not delivered");
                    }
                    if (!is(Flaw::serial_stays_while_the_word_changes)) {
                        page.serial = 0;
                    }
                });
                break;
            case 1:
                go("writes the terms of the next job into page", [&](State&, Page& page) {
                    page.shift = is(Flaw::positions_start_again) ? u8{0} : byte(page.limit + 1);
                });
                break;
            case 2:
                late_word ? write_limit() : write_word();
                break;
            case 3:
                go("drops its evidence in page", [&](State&, Page& page) {
                    page.evidence_of = nobody;
                    page.evidence = {};
                });
                break;
            case 4:
                late_word ? write_word() : write_limit();
                break;
            case 5:
                go("starts the next job in page", [&](State&, Page& page) {
                    ++page.turn;
                    page.stage = 0;
                    page.serial = serial;
                });
                break;
            default:
                break;
        }
    }

    void cancel(const State& s, Next& out) const {
        const int p = cfg.cancelled_page;
        if (p < 0 || s.cancel == 3 || s.pages[idx(p)].stage != 0) {
            return;
        }
        const auto go = [&](std::string_view what, auto&& change) {
            auto& n =
                out.emplace_back(Successor<State>{{"client", -1, what, p, s.cancel == 0}, s}).state;
            change(n, n.pages[idx(p)]);
        };
        switch (s.cancel) {
            case 0:
                go("wants to cancel and reads W of page", [](State& n, Page& page) {
                    n.cancel = 1;
                    n.cancel_word = page.word;
                    if (page.word.taker == closed) {
                        n.cancel = 3;
                    }
                });
                break;
            case 1:
                go("writes evidence of the last taker into page", [&](State& n, Page& page) {
                    n.cancel = 2;
                    if (n.cancel_word.taker >= max_workers ||
                        is(Flaw::client_closes_without_evidence)) {
                        return;
                    }
                    page.evidence = {n.cancel_word.serial, n.cancel_word.next};
                    if (is(Flaw::client_evidence_in_two_words)) {
                        n.cancel = 4;
                    } else {
                        page.evidence_of = n.cancel_word.taker;
                    }
                });
                break;
            case 4:  // only in a flaw
                go("writes the last taker into page", [](State& n, Page& page) {
                    page.evidence_of = n.cancel_word.taker;
                    n.cancel = 2;
                });
                break;
            case 2:
                if (same(s.pages[idx(p)].word, s.cancel_word)) {
                    go("closes the job in page", [](State& n, Page& page) {
                        page.word.taker = closed;
                        n.cancel = 3;
                        n.cancel_word = {};
                    });
                } else {
                    go("does not get to close the job in page", [](State& n, Page&) {
                        n.cancel = 0;
                        n.cancel_word = {};
                    });
                }
                break;
            default:
                break;
        }
    }
};

}  // namespace model::claims
