#pragma once

#include "claiming.hpp"

namespace model::claims {

/// Section 4: what a worker does to run items and to publish their results.
///
/// order Items::run_taken: run_here() phase.store=idle let_go()
/// order Items::run_here: open() call_thunk() current.store close() close_job()
/// order Outbox::close: seal() publish()
/// order Outbox::publish_alone: open() seal() frame_first.store publish() current.store
/// order RingWriter::open: frame_first.store frame_pos.store
class Running : public Claiming {
public:
    using Claiming::Claiming;

protected:
    /// False if the worker is elsewhere in its program.
    bool run(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto nothing = [](State&, Worker&) {};
        const auto i = now.item;
        const auto serial = now.mine.serial;
        switch (now.at) {
            case At::room:
                if (room(now, is(Flaw::item_started_without_a_spare_frame) ? 0 : 1)) {
                    go(s, w, out, "sees room in its ring",
                       is(Flaw::frame_pos_before_frame_first) ? At::open_pos : At::open_first,
                       nothing);
                }
                break;
            case At::open_first:
                go(
                    s, w, out, "frame_first =",
                    is(Flaw::frame_pos_before_frame_first) ? At::start : At::open_pos,
                    [&](State&, Worker& me) { me.frame_first = i; }, i);
                break;
            case At::open_pos:
                go(s, w, out, "frame_pos = tail",
                   is(Flaw::frame_pos_before_frame_first) ? At::open_first : At::start,
                   [&](State&, Worker& me) {
                       me.frame_pos = me.tail;
                       place(me) = {};
                   });
                break;
            case At::start:
                if (!look_too_early(s, w, out)) {
                    go(
                        s, w, out, "current = running",
                        now.early == 1 ? At::run : after_current(now),
                        [&](State& n, Worker& me) { say_running(n, me, w); }, i);
                }
                break;
            case At::run: {
                const char kind = job(serial)[i];
                const bool alone = kind == 'x' || kind == 'L';
                if (alone) {
                    const auto then = now.frame_first < i ? At::early_header
                                      : kind == 'L'       ? At::part_room
                                                          : At::lone_first;
                    go(s, w, out,
                       kind == 'x' ? "the item throws:" : "the item has a large result:", then,
                       nothing, i);
                } else if (is(Flaw::current_moves_before_the_result_is_written)) {
                    go(s, w, out, "the item returns:", At::next_item, nothing, i);
                } else {
                    go(
                        s, w, out, "writes the result of item",
                        kind == 's' && is(Flaw::closed_before_the_reason_is_published)
                            ? At::stop_read
                            : At::next_item,
                        [&](State&, Worker& me) {
                            place(me).body[idx(i - me.frame_first)] = byte(i + 1);
                        },
                        i);
                }
                break;
            }
            case At::next_item: {
                const bool late = is(Flaw::current_moves_before_the_result_is_written);
                const bool full = i + 1 - now.frame_first == frame_body;
                if (i + 1 < now.until && !full && job(serial)[i] != 's') {
                    if (look_too_early(s, w, out)) {
                        break;
                    }
                    go(
                        s, w, out, "current = running",
                        late             ? At::late_result
                        : now.early == 1 ? At::run
                                         : after_current(now),
                        [&](State& n, Worker& me) {
                            finish(n, me, i);
                            me.item = byte(i + 1);
                            say_running(n, me, w);
                        },
                        i + 1);
                } else {
                    const auto then = is(Flaw::tail_before_the_header) ? At::publish : At::header;
                    go(
                        s, w, out, "current = at", late ? At::late_result : then,
                        [&](State& n, Worker& me) {
                            finish(n, me, i);
                            me.current = me.item = byte(i + 1);
                            me.running = 0;
                            const bool last = cfg.max_tasks != 0 && me.quota == 0;
                            if (is(Flaw::retired_before_the_last_publication) && last) {
                                me.phase = Phase::retired;
                            }
                        },
                        i + 1);
                }
                break;
            }
            case At::late_result:  // only in a flaw
                go(
                    s, w, out, "writes the result of item", now.running != 0 ? At::run : At::header,
                    [&](State&, Worker& me) { place(me).body[idx(i - 1 - me.frame_first)] = i; },
                    i - 1);
                break;
            case At::header:
                go(s, w, out, "writes the header",
                   is(Flaw::tail_before_the_header) ? after_frame(now, i) : At::publish,
                   [&](State&, Worker& me) {
                       write_header(me, byte(me.tail - (is(Flaw::tail_before_the_header) ? 1 : 0)),
                                    i);
                   });
                break;
            case At::publish:
                go(s, w, out, "tail += frame",
                   is(Flaw::tail_before_the_header) ? At::header
                   : job(serial)[i - 1U] == 's'     ? At::stop_read
                                                    : after_frame(now, i),
                   [&](State& n, Worker& me) {
                       release(n, me.claim.serial, me.frame_first, i);
                       ++me.tail;
                   });
                break;
            case At::early_header:
                go(s, w, out, "writes the header of what came before", At::early_publish,
                   [&](State&, Worker& me) { write_header(me, me.tail, i); });
                break;
            case At::early_publish:
                go(s, w, out, "tail += frame",
                   job(serial)[i] == 'L' ? At::part_room : At::lone_first,
                   [&](State& n, Worker& me) {
                       release(n, me.claim.serial, me.frame_first, i);
                       ++me.tail;
                   });
                break;
            case At::part_room:
            case At::last_room:
                if (room(now, 1)) {
                    go(s, w, out, "sees room in its ring",
                       now.at == At::part_room ? At::part_frame : At::lone_first, nothing);
                }
                break;
            case At::part_frame:
                go(
                    s, w, out, "writes a part of item", At::part_publish,
                    [&](State&, Worker& me) { write_alone(me, Kind::part, i); }, i);
                break;
            case At::part_publish:
                go(s, w, out, "tail += part", At::last_room, [](State&, Worker& me) { ++me.tail; });
                break;
            case At::lone_first:
                if (is(Flaw::lone_frame_opened_by_its_end)) {  // first frame_first = i + 1, then
                                                               // frame_pos
                    go(
                        s, w, out, "writes the frame of item", At::lone_beyond,
                        [&](State&, Worker& me) { write_lone(me, i); }, i);
                } else {
                    go(
                        s, w, out, "frame_first =", At::lone_pos,
                        [&](State&, Worker& me) { me.frame_first = i; }, i);
                }
                break;
            case At::lone_pos:
                go(s, w, out, "frame_pos = tail",
                   is(Flaw::lone_frame_opened_by_its_end) ? At::lone_publish : At::lone_frame,
                   [](State&, Worker& me) { me.frame_pos = me.tail; });
                break;
            case At::lone_frame:
                go(
                    s, w, out, "writes the frame of item",
                    is(Flaw::lone_frame_first_moved_after_the_tail) ? At::lone_publish
                                                                    : At::lone_beyond,
                    [&](State&, Worker& me) { write_lone(me, i); }, i);
                break;
            case At::lone_beyond:
                go(
                    s, w, out, "frame_first =",
                    is(Flaw::lone_frame_opened_by_its_end)            ? At::lone_pos
                    : is(Flaw::lone_frame_first_moved_after_the_tail) ? At::lone_past
                                                                      : At::lone_publish,
                    [&](State&, Worker& me) { me.frame_first = beyond_lone(me); },
                    beyond_lone(now));
                break;
            case At::lone_publish: {
                const auto then = is(Flaw::lone_frame_first_moved_after_the_tail) ? At::lone_beyond
                                  : is(Flaw::lone_frame_leaves_current_behind)
                                      ? after_frame(now, byte(i + 1))
                                      : At::lone_past;
                go(s, w, out, "tail += frame", then, [&](State& n, Worker& me) {
                    for (auto k = i; k < beyond_lone(me); ++k) {
                        finish(n, me, k);
                    }
                    release(n, me.claim.serial, i, beyond_lone(me));
                    ++me.tail;
                    if (is(Flaw::lone_frame_leaves_current_behind)) {
                        me.item = byte(i + 1);
                    }
                });
                break;
            }
            case At::lone_past:
                go(
                    s, w, out, "current = at", after_frame(now, beyond_lone(now)),
                    [&](State&, Worker& me) {
                        me.current = me.item = beyond_lone(me);
                        me.running = 0;
                    },
                    beyond_lone(now));
                break;

            default:
                return false;
        }
        return true;
    }

    /// The item starts.
    void start(State& n, Worker& me, int w) const {
        const auto i = me.item;
        auto& item = n.items[me.claim.serial][i];
        require(n, item.holder == w + 1, "an item runs on a worker that does not hold it");
        require(n, item.finished == 0, "a finished item runs again");
        ++item.started;
        require(n, item.started <= 1 + item.charged,
                "an item runs again although its own death did not cost it a try");
        if (cfg.max_tasks != 0) {
            require(n, me.quota > 0, "a worker runs more items than its life allows");
            if (me.quota > 0) {
                --me.quota;
            }
        }
    }

private:
    /// Behind the frame of an item alone, or of all that the worker disposes of.
    static u8 beyond_lone(const Worker& me) {
        return me.disposing != 0 ? me.until : byte(me.item + 1);
    }

    /// Does this worker look at its theft word before each item?
    [[nodiscard]] bool looks(const Worker& me) const { return stealing() && divisible(me.claim); }
    [[nodiscard]] At after_current(const Worker& me) const {
        return looks(me) ? At::look : At::run;
    }

    /// From here on the item counts as running. It starts, unless the worker has to look first.
    void say_running(State& n, Worker& me, int w) const {
        me.current = me.item;
        me.running = 1;
        me.truly_runs = byte(me.item + 1);
        if (me.early == 1 || !looks(me)) {
            start(n, me, w);
        }
        me.early = 0;
    }

    /// Only in a flaw: the look comes before the store.
    bool look_too_early(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        if (!is(Flaw::theft_word_read_before_current_is_written) || !looks(now) || now.early != 0) {
            return false;
        }
        go(s, w, out, "reads its theft word", now.at, [](State&, Worker& me) {
            const bool quiet =
                me.theft.state == Theft::recorded && me.theft.count <= me.claim.thefts;
            me.early = quiet || me.theft == me.seen ? 1 : 2;
        });
        return true;
    }
};

}  // namespace model::claims
