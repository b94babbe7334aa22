#pragma once

#include "running.hpp"

namespace model::claims {

/// Section 4: a worker closes a job when the reason is published, as searches and fail_fast do.
///
/// order close_job: word.load note_taker() word.compare_exchange
class Closing : public Running {
public:
    using Running::Running;

protected:
    /// Goes on with the rest of the claim, or disposes of it.
    [[nodiscard]] At after_closing(const Worker& me) const {
        if (!cfg.disposes || me.item >= me.until) {
            return after_frame(me, me.item);
        }
        return stealing() ? At::shut : At::last_room;
    }

    /// False if the worker is elsewhere in its program.
    bool close(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        switch (now.at) {
            case At::stop_read:
                go(
                    s, w, out, "reads W to close the job in page", At::stop_note,
                    [&](State& n, Worker& me) {
                        me.word = n.pages[me.my_page].word;
                        if (me.word.taker == closed) {
                            me.at = after_closing(now);
                        } else if (me.word.taker == byte(w) || me.word.taker == nobody ||
                                   is(Flaw::worker_closes_without_evidence)) {
                            me.at = At::stop_swap;
                        }
                    },
                    now.my_page);
                break;
            case At::stop_note:
                go(
                    s, w, out, "evidence of worker", At::stop_swap,
                    [&](State&, Worker& me) {
                        evidence(me, me.my_page, me.word.taker) = {me.mine.serial, me.word.next};
                    },
                    now.word.taker);
                break;
            case At::stop_swap: {
                const bool wins = same(s.pages[now.my_page].word, now.word);
                go(s, w, out, wins ? "closes the job" : "does not get to close the job",
                   wins ? after_closing(now) : At::stop_read, [&](State& n, Worker& me) {
                       if (wins) {
                           n.pages[me.my_page].word = {me.word.next, closed, me.word.serial};
                           const auto reason = job(me.claim.serial).find('s');
                           require(n, n.items[me.claim.serial][reason].holder == 0,
                                   "a job is closed for a reason that is not published");
                       }
                       me.word = {};
                   });
                break;
            }

            default:
                return false;
        }
        return true;
    }
};

}  // namespace model::claims
