#pragma once

#include "stealing.hpp"

namespace model::claims {

/// All that a worker does, and its death.
class WorkerLife : public Stealing {
public:
    using Stealing::Stealing;

    void worker(const State& s, int w, Next& out) const {
        const bool known = claim(s, w, out) || run(s, w, out) || close(s, w, out) ||
                           look(s, w, out) || steal(s, w, out) || leave(s, w, out);
        if (!known) {
            std::abort();
        }
        if (s.workers[idx(w)].at == At::idle) {
            want(s, w, out);
        }
    }

    void kill(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        if (now.at == At::dead || now.kills == 0) {
            return;
        }
        auto& n = out.emplace_back(Successor<State>{{"worker", w, "is killed", -1, true}, s}).state;
        auto& me = n.workers[idx(w)];
        --me.kills;
        me.at = At::dead;
        forget(me);
    }

    /// Can only this worker see what its next step does?
    [[nodiscard]] bool unseen(At at) const {
        switch (at) {
            case At::claim_page:
            case At::intent:
            case At::back_to_idle:
            case At::taken:
            case At::rest:
                // Otherwise the phase and the claim are looked at.
                return cfg.keeping == Keeping::word_per_job && !stealing();
            case At::claim_end:
                return cfg.keeping == Keeping::word_per_job;
            case At::claim_begin:
            case At::claim_current:
            case At::start:
            case At::next_item:
            case At::lone_past:
                return !stealing();
            case At::claim_first:
            case At::open_first:
            case At::open_pos:
            case At::run:
            case At::late_result:
            case At::header:
            case At::early_header:
            case At::part_frame:
            case At::lone_first:
            case At::lone_pos:
            case At::lone_frame:
            case At::lone_beyond:
                return true;
            default:
                return false;
        }
    }

private:
    /// Section 4, step 9.
    bool leave(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto nothing = [](State&, Worker&) {};
        switch (now.at) {
            case At::rest:
                if (cfg.max_tasks != 0 && now.quota == 0) {
                    go(s, w, out, "phase = retired", At::leave, [](State&, Worker& me) {
                        me.phase = Phase::retired;
                        forget(me);
                    });
                } else {
                    const bool is_shut = now.disposing != 0 && stealing();
                    go(s, w, out, "phase = idle", is_shut ? At::reopen : At::idle,
                       [&](State&, Worker& me) {
                           if (!is(Flaw::phase_not_idle_while_the_claim_is_rewritten)) {
                               me.phase = Phase::idle;
                           }
                           forget(me);
                       });
                }
                break;
            case At::leave:
                go(s, w, out, "exits", At::dead, nothing);
                break;
            default:
                return false;
        }
        return true;
    }
};

}  // namespace model::claims
