#pragma once

#include "closing.hpp"

namespace model::claims {

/// Section 4: a worker that is asked offers the end of its claim, [split, end). It goes on with
/// what it kept, and takes the offer back when it comes to the split, unless another worker has
/// taken it.
///
/// order Offers::make: offered.load is_in_doubt() split.store offer.store offered.compare_exchange
/// order Offers::is_in_doubt: phase.load source.load
/// order Offers::take_back: offered.compare_exchange
class Giving : public Closing {
public:
    using Closing::Closing;

protected:
    /// False if the worker is elsewhere in its program.
    bool give(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto nothing = [](State&, Worker&) {};
        switch (now.at) {
            case At::give_look: {
                // The offer word of the last one still tells whether its taker got it.
                const auto taker = now.offered.taker;
                const bool doubt = taker < max_workers && s.workers[taker].phase == Phase::intent &&
                                   s.workers[taker].giver == w &&
                                   s.workers[taker].number == now.offered.next;
                if (doubt && !is(Flaw::offer_replaced_while_its_taker_is_in_doubt)) {
                    go(s, w, out, "keeps all while a taker is in doubt", now.back, settled);
                } else {
                    go(s, w, out, "may offer again",
                       is(Flaw::offer_opened_before_it_is_written) ? At::give_number
                                                                   : At::give_split,
                       nothing);
                }
                break;
            }
            case At::give_split:
                go(
                    s, w, out, "split =", At::give_number,
                    [](State&, Worker& me) { me.split = me.my_begin; }, now.my_begin);
                break;
            case At::give_number:
                go(
                    s, w, out, "offer =", At::give_open,
                    [&](State&, Worker& me) { me.offer = number_of_next(me); },
                    number_of_next(now));
                break;
            case At::give_open:
                go(s, w, out, "opens the offer",
                   is(Flaw::offer_opened_before_it_is_written) ? At::give_late_split : now.back,
                   [&](State& n, Worker& me) {
                       me.offered = {number_of_next(me), nobody, 1};
                       me.until = byte(me.my_begin - me.shift);
                       if (!is(Flaw::offer_opened_before_it_is_written)) {
                           settled(n, me);
                       }
                   });
                break;
            case At::give_late_split:  // only in a flaw
                go(s, w, out, "split =", now.back, [](State& n, Worker& me) {
                    me.split = me.my_begin;
                    settled(n, me);
                });
                break;
            case At::take_back: {
                const bool wins = now.offered.taker == nobody;
                go(s, w, out, wins ? "takes its offer back" : "finds its offer taken",
                   wins ? At::room : At::rest, [&](State&, Worker& me) {
                       if (wins) {
                           me.offered.taker = closed;
                       } else {
                           me.held_end = me.split;
                       }
                       me.until = byte(me.held_end - me.shift);
                   });
                break;
            }
            default:
                return false;
        }
        return true;
    }

private:
    [[nodiscard]] u8 number_of_next(const Worker& me) const {
        return is(Flaw::offer_number_used_again) ? u8{1} : byte(me.offered.next + 1);
    }
    static void settled(State&, Worker& me) {
        me.back = At::idle;
        me.my_begin = 0;
    }
};

}  // namespace model::claims
