#pragma once

#include "giving.hpp"

namespace model::claims {

/// All that a worker does, and its death.
class WorkerLife : public Giving {
public:
    using Giving::Giving;

    void worker(const State& s, int w, Next& out) const {
        const bool known = claim(s, w, out) || run(s, w, out) || close(s, w, out) ||
                           give(s, w, out) || leave(s, w, out);
        if (!known) {
            std::abort();
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
            case At::claim_end:
            case At::intent:
            case At::back_to_idle:
            case At::taken:
            case At::rest:
                // Otherwise the phase and the claim are looked at.
                return cfg.keeping == Keeping::word_per_job && !offers_are_made();
            case At::claim_begin:
                return !offers_are_made();
            case At::claim_current:
            case At::claim_first:
            case At::open_first:
            case At::open_pos:
            case At::start:
            case At::run:
            case At::next_item:
            case At::late_result:
            case At::header:
            case At::early_header:
            case At::part_frame:
            case At::lone_first:
            case At::lone_pos:
            case At::lone_frame:
            case At::lone_beyond:
            case At::lone_past:
            case At::give_split:
            case At::give_number:
                return true;
            default:
                return false;
        }
    }

private:
    [[nodiscard]] bool offers_are_made() const {
        return std::ranges::any_of(cfg.offers, [](int offers) { return offers != 0; });
    }

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
                    go(s, w, out, "phase = idle", At::idle, [&](State&, Worker& me) {
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
