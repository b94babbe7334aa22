#pragma once

#include "claims/client.hpp"
#include "claims/recovering.hpp"
#include "claims/worker_life.hpp"

/// Sections 3 to 5 of docs/protocol.md: claiming, running and publishing, cancelling, the death of
/// workers, their recovery and the reuse of job pages. Every store is a step of its own, and a
/// worker can be killed after each.
///
/// Memory is sequentially consistent here. x86 adds store buffers: a store may become visible later
/// than a younger load of the same processor. That changes nothing, because
///  - `frame_first` and `frame_pos` are read by others only after their writer was reaped: its
///    buffer has drained (SIGKILL loses no store that was executed);
///  - so are `phase`, the claim and `current`, but for thieves. A victim loads its theft word
///  behind
///    its store of `current`; there a thief has a barrier executed between its proposal and its
///    look (Flaw::theft_word_read_before_current_is_written is what happens without it). Nothing
///    else that a worker loads between these stores and its next locked instruction decides
///    anything;
///  - `evidence` must be visible before the swap that follows, and the swap is a locked
///    instruction, which drains the buffer; so is a thief's claim before it proposes;
///  - frames are visible before the `tail` that publishes them, as buffers are first in, first out;
///    nothing the worker loads after storing `tail` decides anything here (where it does, ringing
///    the bell, see wakeups.hpp).
/// The compiler is kept from reordering by release stores and acquire loads.
///
/// A line `/// order <function>: <stores and loads>` says which function of the library the steps
/// beneath it follow; tests/model/follows_the_code compares them.
namespace model::claims {

class Claims : public World {
public:
    using State = claims::State;

    explicit Claims(const Config& config)
        : World(config), worker_(config), server_(config), client_(config) {}

    [[nodiscard]] State initial() const {
        State s;
        for (int w = 0; w < max_workers; ++w) {
            auto& me = s.workers[idx(w)];
            me.at = w < cfg.workers ? At::idle : At::dead;
            me.kills = byte(cfg.kills[idx(w)]);
            me.looks = byte(cfg.stale_looks);
            me.quota = byte(cfg.max_tasks);
            me.thefts_left = byte(cfg.thefts[idx(w)]);
        }
        for (int p = 0; p < max_pages; ++p) {
            if (cfg.pages[idx(p)].empty()) {
                continue;
            }
            auto& page = s.pages[idx(p)];
            page.serial = serial_of(p, 0);
            page.limit = byte(cfg.pages[idx(p)][0].size());
            page.word = {0, nobody, page.serial};
        }
        return s;
    }

    [[nodiscard]] const char* broken(const State& s) const {
        return s.broken == 0 ? nullptr : rules[s.broken];
    }

    /// Everything was delivered. What workers still do then is of no consequence.
    [[nodiscard]] bool done(const State& s) const {
        for (int p = 0; p < max_pages; ++p) {
            const auto& jobs = cfg.pages[idx(p)];
            const auto& page = s.pages[idx(p)];
            if (!jobs.empty() &&
                (page.stage != 0 || page.turn + 1U < jobs.size() || !client_.resolved(s, p))) {
                return false;
            }
        }
        return true;
    }

    void successors(const State& s, Next& out) const {
        if (done(s)) {
            return;
        }
        if (cfg.reduce) {
            // A step that only this worker can see commutes with all that others do: interleaving
            // it adds nothing.
            for (int w = 0; w < cfg.workers; ++w) {
                if (!worker_.unseen(s.workers[idx(w)].at)) {
                    continue;
                }
                worker_.worker(s, w, out);
                worker_.kill(s, w, out);
                return;
            }
        }
        for (int w = 0; w < cfg.workers; ++w) {
            worker_.worker(s, w, out);
            worker_.kill(s, w, out);
            client_.drain(s, w, out);
        }
        server_.server(s, out);
        for (int p = 0; p < max_pages; ++p) {
            client_.restart(s, p, out);
        }
        client_.cancel(s, out);
    }

private:
    WorkerLife worker_;
    Recovering server_;
    Client client_;
};

}  // namespace model::claims
