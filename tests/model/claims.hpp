#pragma once

#include <cstdlib>

#include "explore.hpp"

/// Sections 3 to 5 of docs/protocol.md: claiming, running and publishing, cancelling, the death of
/// workers, their recovery and the reuse of job pages. Every store is a step of its own, and a
/// worker can be killed after each.
///
/// Memory is sequentially consistent here. x86 adds store buffers: a store may become visible later
/// than a younger load of the same processor. That changes nothing, because
///  - `phase`, the claim, `current`, `frame_first` and `frame_pos` are read by others only after
///  their writer was reaped: its
///    buffer has drained (SIGKILL loses no store that was executed);
///  - `evidence` must be visible before the swap that follows, and the swap is a locked
///  instruction, which drains the buffer;
///  - frames are visible before the `tail` that publishes them, as buffers are first in, first out;
///  nothing the worker loads
///    after storing `tail` decides anything here (where it does, ringing the bell, see
///    wakeups.hpp).
/// The compiler is kept from reordering by release stores and acquire loads.
namespace model::claims {

using u8 = std::uint8_t;

inline constexpr int max_workers = 3;
inline constexpr int max_pages = 2;
inline constexpr int max_jobs = 3;
inline constexpr int max_items = 4;
inline constexpr int max_ring = 3;    // frames
inline constexpr int frame_body = 2;  // results of a frame

/// Ways to get it wrong. Each must be found out.
enum class Flaw {
    none,
    // claiming
    no_evidence,
    evidence_after_the_swap,
    one_evidence_word_for_all_jobs,
    evidence_dies_with_its_author,
    phase_not_idle_while_the_claim_is_rewritten,
    intent_before_the_claim,
    taken_before_the_swap,
    check_without_the_serial,
    limit_read_before_the_serial,
    // closing
    client_closes_without_evidence,
    client_evidence_in_two_words,
    worker_closes_without_evidence,
    // running and publishing
    claim_keeps_the_old_frame_first,
    frame_pos_before_frame_first,
    current_moves_before_the_result_is_written,
    tail_before_the_header,
    lone_frame_opened_by_its_end,
    lone_frame_first_moved_after_the_tail,
    lone_frame_leaves_current_behind,
    item_started_without_a_spare_frame,
    retired_before_the_last_publication,
    chunk_larger_than_the_quota,
    // recovery
    evidence_read_before_the_word,
    replacement_before_the_recovery,
    open_frame_not_published,
    // reuse
    page_reused_when_all_is_claimed,
    serial_changed_under_a_live_word,
};

/// Where a worker keeps what it saw of the claims of worker v.
enum class Keeping : std::uint8_t {
    word_per_job,  ///< evidence[job page][v]
    /// evidence[v]. Before evidence of one job replaces that of another it looks at the slot of v:
    /// while that is in intent with just the claim that the word proves, the word stays. What it
    /// would have said is of an earlier claim then, which is in no doubt any more.
    word_per_worker,
};

struct Config {
    int workers = 2;
    int chunk = 1;
    int ring = 2;  ///< frames
    int retries = 0;
    int max_tasks = 0;                     ///< items of a worker's life; 0: no limit
    std::array<int, max_workers> kills{};  ///< per slot, replacements included
    int stale_looks = 0;                   ///< looks of a worker at a page with nothing to claim
    int cancelled_page = -1;  ///< the client may close the job in this page, at any moment
    /// Per page the jobs that it carries, one after the other. An item is a letter:
    /// o: ends well, x: throws, L: has a result of two parts, s: ends well and closes the job.
    std::array<std::vector<std::string>, max_pages> pages{};
    Keeping keeping = Keeping::word_per_job;
    bool reduce = true;  ///< steps that nobody else can see are not interleaved
    Flaw flaw = Flaw::none;
};

enum class Phase : u8 { idle, intent, taken, retired };
enum class Kind : u8 { none, results, threw, died, part, last_part };

inline constexpr u8 nobody = 0xE;
inline constexpr u8 closed = 0xF;

/// A claim word; `serial` stands for the check. Serial 0: no job.
struct Word {
    u8 next = 0, taker = nobody, serial = 0;
    bool operator==(const Word&) const = default;
};

struct Evidence {
    u8 serial = 0, end = 0;
    bool operator==(const Evidence&) const = default;
};

struct Frame {
    u8 stamp = 0;  ///< 1 + the position it was written for; 0: no header
    Kind kind = Kind::none;
    u8 serial = 0, first = 0, count = 0;
    std::array<u8, frame_body> body{};  ///< results: 1 + item
};

/// Where a worker is in its program: the step it takes next.
enum class At : u8 {
    dead,
    idle,
    read_limit,
    read_word,
    recheck,
    note,
    note_phase,
    note_serial,
    note_end,
    claim_page,
    claim_begin,
    claim_end,
    claim_current,
    claim_first,
    intent,
    swap,
    back_to_idle,
    taken,
    room,
    open_first,
    open_pos,
    start,
    run,
    next_item,
    late_result,
    header,
    publish,
    early_header,
    early_publish,
    part_room,
    part_frame,
    part_publish,
    last_room,
    lone_first,
    lone_pos,
    lone_frame,
    lone_beyond,
    lone_publish,
    lone_past,
    stop_read,
    stop_note,
    stop_swap,
    rest,
    leave,
};

struct Worker {
    // The slot.
    Phase phase = Phase::idle;
    u8 serial = 0, page = 0, begin = 0, end = 0;
    u8 current = 0, running = 0;
    u8 frame_first = 0, frame_pos = 0xFF, tail = 0;
    std::array<std::array<Evidence, max_workers>, max_pages> evidence{};
    std::array<Frame, max_ring> ring{};
    u8 head = 0;  // the client's

    // Private to the process.
    At at = At::idle;
    u8 my_page = 0, my_serial = 0, my_limit = 0, item = 0, quota = 0;
    Word word{};

    // Private to the fork server, and the world.
    u8 tries = 0, tried = 0;  ///< how many tries the item `tried - 1` has used up
    u8 kills = 0, looks = 0;

    // The truth that recovery has to find out.
    u8 swapped = 0;     ///< the swap of the claim in the slot succeeded
    u8 truly_runs = 0;  ///< 1 + item
};

struct Page {
    Word word{};
    u8 serial = 0, limit = 0;
    u8 evidence_of = nobody;
    Evidence evidence{};
    u8 turn = 0;   ///< which of its jobs
    u8 stage = 0;  ///< of its restart; 0: none
};

struct Item {
    u8 holder = 0;  ///< 1 + worker
    u8 started = 0, charged = 0;
    u8 finished = 0, delivered = 0, parts = 0;
};

enum class ServerAt : u8 { waits, reads_word, reads_evidence, decides, publishes, fails, restarts };

struct State {
    std::array<Worker, max_workers> workers{};
    std::array<Page, max_pages> pages{};
    std::array<std::array<Item, max_items>, max_jobs + 1> items{};  // by serial
    // The fork server.
    ServerAt server = ServerAt::waits;
    u8 patient = 0, witness = 0, found = 0, resume = 0;
    u8 claim_serial = 0, claim_page = 0, claim_end = 0;  ///< what the slot of the dead said
    u8 truth = 0;                                        ///< did the swap of that claim succeed?
    // The client.
    u8 cancel = 0;  ///< 0: may start, 1: has read the word, 2: has written evidence, 3: done
    Word cancel_word{};
    u8 broken = 0;
};

inline constexpr std::array rules{
    "",
    "an item is lost",
    "an item is dispensed that its worker did not hold",
    "an item is claimed twice",
    "an item outside its job is claimed",
    "the doubt about a claim is resolved wrongly",
    "an item is charged for a death although it was not running",
    "a finished item runs again",
    "an item runs on a worker that does not hold it",
    "an item runs again although its own death did not cost it a try",
    "a frame is read that is not there",
    "a frame is published without the results it announces",
    "an item is delivered twice",
    "a large result ends that has not begun",
    "an item fails although it has tries left",
    "the alarm is raised at a sound claim word",
    "the fork server has to wait for the client",
    "a worker retires with items in its hands",
    "a worker runs more items than its life allows",
    "a job page is reused while an item of it is not delivered",
};

class Claims {
public:
    using State = claims::State;
    using Next = std::vector<Successor<State>>;

    explicit Claims(Config config) : cfg(std::move(config)) {}

    [[nodiscard]] State initial() const {
        State s;
        for (int w = 0; w < max_workers; ++w) {
            auto& me = s.workers[idx(w)];
            me.at = w < cfg.workers ? At::idle : At::dead;
            me.kills = byte(cfg.kills[idx(w)]);
            me.looks = byte(cfg.stale_looks);
            me.quota = byte(cfg.max_tasks);
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
                (page.stage != 0 || page.turn + 1U < jobs.size() || !resolved(s, p))) {
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
                if (!unseen(s.workers[idx(w)].at)) {
                    continue;
                }
                worker(s, w, out);
                kill(s, w, out);
                return;
            }
        }
        for (int w = 0; w < cfg.workers; ++w) {
            worker(s, w, out);
            kill(s, w, out);
            drain(s, w, out);
        }
        server(s, out);
        for (int p = 0; p < max_pages; ++p) {
            restart(s, p, out);
        }
        cancel(s, out);
    }

private:
    Config cfg;

    [[nodiscard]] bool is(Flaw f) const { return cfg.flaw == f; }
    template <class I>
    static std::size_t idx(I i) {
        return static_cast<std::size_t>(i);
    }
    template <class I>
    static u8 byte(I i) {
        return static_cast<u8>(i);
    }

    [[nodiscard]] u8 serial_of(int p, int turn) const {
        int serial = 1 + turn;
        for (int q = 0; q < p; ++q) {
            serial += static_cast<int>(cfg.pages[idx(q)].size());
        }
        return byte(serial);
    }
    [[nodiscard]] const std::string& job(u8 serial) const {
        int before = serial - 1;
        for (const auto& jobs : cfg.pages) {
            if (before < static_cast<int>(jobs.size())) {
                return jobs[idx(before)];
            }
            before -= static_cast<int>(jobs.size());
        }
        std::abort();
    }

    static void blame(State& s, std::string_view rule) {
        if (s.broken != 0) {
            return;
        }
        s.broken = byte(std::ranges::find(rules, rule) - rules.begin());
        if (s.broken == rules.size()) {
            std::abort();
        }
    }
    static void require(State& s, bool holds, std::string_view rule) {
        if (!holds) {
            blame(s, rule);
        }
    }

    // ------------------------------------------------------------------------------------------------
    // what a worker does

    [[nodiscard]] bool unseen(At at) const {
        switch (at) {
            case At::claim_page:
            case At::claim_end:
            case At::intent:
            case At::back_to_idle:
            case At::taken:
            case At::rest:
                return cfg.keeping ==
                       Keeping::word_per_job;  // else the phase and the claim are looked at
            case At::claim_begin:
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
                return true;
            default:
                return false;
        }
    }

    Evidence& evidence(Worker& author, int page, int of) const {
        const bool one =
            cfg.keeping == Keeping::word_per_worker || is(Flaw::one_evidence_word_for_all_jobs);
        return author.evidence[one ? 0 : idx(page)][idx(of)];
    }
    Frame& place(Worker& me) const { return me.ring[idx(me.tail % cfg.ring)]; }
    [[nodiscard]] bool room(const Worker& me, int spare) const {
        return me.tail - me.head + spare < cfg.ring;
    }

    /// The word passes the check of the job with this serial number.
    [[nodiscard]] bool sound(const Word& word, u8 serial) const {
        return word.serial == serial || (is(Flaw::check_without_the_serial) && word.serial != 0);
    }
    [[nodiscard]] bool same(const Word& word, const Word& expected) const {
        return word.next == expected.next && word.taker == expected.taker &&
               sound(word, expected.serial);
    }

    void worker(const State& s, int w, Next& out) const {
        const auto& now = s.workers[idx(w)];
        const auto go = [&](std::string_view what, At then, auto&& change, int value = -1) {
            auto& next = out.emplace_back(Successor<State>{{"worker", w, what, value}, s});
            auto& me = next.state.workers[idx(w)];
            me.at = then;
            change(next.state, me);
        };
        const auto nothing = [](State&, Worker&) {};
        const auto i = now.item;
        const auto serial = now.my_serial;

        switch (now.at) {
            case At::dead:
                break;

            // Section 3.
            case At::idle:
                for (int p = 0; p < max_pages; ++p) {
                    look(s, w, p, out);
                }
                break;
            case At::read_limit:
                go("reads the job's limit", At::read_word,
                   [](State& n, Worker& me) { me.my_limit = n.pages[me.my_page].limit; });
                break;
            case At::read_word:
                go(
                    "reads W of page", At::note, [&](State& n, Worker& me) { read_word(n, me); },
                    now.my_page);
                break;
            case At::recheck:
                go("reads the serial again", At::idle, [](State& n, Worker& me) {
                    require(n, n.pages[me.my_page].serial != me.my_serial,
                            "the alarm is raised at a sound claim word");
                    forget(me);
                });
                break;
            case At::note:
                go(
                    "evidence of worker",
                    is(Flaw::evidence_after_the_swap) ? At::taken : first_claim_step(),
                    [&](State&, Worker& me) {
                        evidence(me, me.my_page, me.word.taker) = {me.word.serial, me.word.next};
                    },
                    now.word.taker);
                break;
            case At::note_phase: {
                const bool intent = s.workers[now.word.taker].phase == Phase::intent;
                go("reads the phase of worker", intent ? At::note_serial : At::note, nothing,
                   now.word.taker);
                break;
            }
            case At::note_serial: {
                const auto& taker = s.workers[now.word.taker];
                const auto& kept = now.evidence[0][now.word.taker];
                go("reads the claim's serial of worker",
                   taker.serial == kept.serial ? At::note_end : At::note, nothing, now.word.taker);
                break;
            }
            case At::note_end: {
                const auto& taker = s.workers[now.word.taker];
                const auto& kept = now.evidence[0][now.word.taker];
                go("reads the claim's end of worker",
                   taker.end == kept.end ? first_claim_step() : At::note, nothing, now.word.taker);
                break;
            }
            case At::claim_page:
                go(
                    "claim: job in page", At::claim_begin,
                    [&](State&, Worker& me) {
                        me.serial = me.my_serial;
                        me.page = me.my_page;
                        me.swapped = 0;
                    },
                    now.my_page);
                break;
            case At::claim_begin:
                go(
                    "claim: begin =", At::claim_end,
                    [](State&, Worker& me) { me.begin = me.word.next; }, now.word.next);
                break;
            case At::claim_end:
                go(
                    "claim: end =", At::claim_current,
                    [&](State&, Worker& me) { me.end = end_of(me); }, end_of(now));
                break;
            case At::claim_current:
                go(
                    "claim: current = at", At::claim_first,
                    [](State&, Worker& me) {
                        me.current = me.word.next;
                        me.running = 0;
                    },
                    now.word.next);
                break;
            case At::claim_first: {
                const auto then = is(Flaw::intent_before_the_claim) ? At::swap : At::intent;
                if (is(Flaw::claim_keeps_the_old_frame_first)) {
                    go("claim: keeps frame_first", then, nothing);
                } else {
                    go(
                        "claim: frame_first =", then,
                        [](State&, Worker& me) { me.frame_first = me.word.next; }, now.word.next);
                }
                break;
            }
            case At::intent:
                go("phase = intent", is(Flaw::intent_before_the_claim) ? At::claim_page : At::swap,
                   [&](State&, Worker& me) {
                       me.phase = is(Flaw::taken_before_the_swap) ? Phase::taken : Phase::intent;
                   });
                break;
            case At::swap:
                swap(s, w, out);
                break;
            case At::back_to_idle:
                go("phase = idle", At::idle, [&](State&, Worker& me) {
                    if (!is(Flaw::phase_not_idle_while_the_claim_is_rewritten)) {
                        me.phase = Phase::idle;
                    }
                    forget(me);
                });
                break;
            case At::taken:
                go("phase = taken", At::room, [](State&, Worker& me) {
                    me.phase = Phase::taken;
                    me.item = me.begin;
                });
                break;

            // Section 4.
            case At::room:
                if (room(now, is(Flaw::item_started_without_a_spare_frame) ? 0 : 1)) {
                    go("sees room in its ring",
                       is(Flaw::frame_pos_before_frame_first) ? At::open_pos : At::open_first,
                       nothing);
                }
                break;
            case At::open_first:
                go(
                    "frame_first =",
                    is(Flaw::frame_pos_before_frame_first) ? At::start : At::open_pos,
                    [&](State&, Worker& me) { me.frame_first = i; }, i);
                break;
            case At::open_pos:
                go("frame_pos = tail",
                   is(Flaw::frame_pos_before_frame_first) ? At::open_first : At::start,
                   [&](State&, Worker& me) {
                       me.frame_pos = me.tail;
                       place(me) = {};
                   });
                break;
            case At::start:
                go("current = running", At::run, [&](State& n, Worker& me) { start(n, me, w); }, i);
                break;
            case At::run: {
                const char kind = job(serial)[i];
                const bool alone = kind == 'x' || kind == 'L';
                if (alone) {
                    const auto then = now.frame_first < i ? At::early_header
                                      : kind == 'L'       ? At::part_room
                                                          : At::lone_first;
                    go(kind == 'x' ? "the item throws:" : "the item has a large result:", then,
                       nothing, i);
                } else if (is(Flaw::current_moves_before_the_result_is_written)) {
                    go("the item returns:", At::next_item, nothing, i);
                } else {
                    go(
                        "writes the result of item", kind == 's' ? At::stop_read : At::next_item,
                        [&](State&, Worker& me) {
                            place(me).body[idx(i - me.frame_first)] = byte(i + 1);
                        },
                        i);
                }
                break;
            }
            case At::next_item: {
                const bool late = is(Flaw::current_moves_before_the_result_is_written);
                if (i + 1 < now.end && i + 1 - now.frame_first < frame_body) {
                    go(
                        "current = running", late ? At::late_result : At::run,
                        [&](State& n, Worker& me) {
                            finish(n, me, i);
                            me.item = byte(i + 1);
                            start(n, me, w);
                        },
                        i + 1);
                } else {
                    const auto then = is(Flaw::tail_before_the_header) ? At::publish : At::header;
                    go(
                        "current = at", late ? At::late_result : then,
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
                    "writes the result of item", now.running != 0 ? At::run : At::header,
                    [&](State&, Worker& me) { place(me).body[idx(i - 1 - me.frame_first)] = i; },
                    i - 1);
                break;
            case At::header:
                go("writes the header",
                   is(Flaw::tail_before_the_header) ? after_frame(now, i) : At::publish,
                   [&](State&, Worker& me) {
                       write_header(me, byte(me.tail - (is(Flaw::tail_before_the_header) ? 1 : 0)),
                                    i);
                   });
                break;
            case At::publish:
                go("tail += frame",
                   is(Flaw::tail_before_the_header) ? At::header : after_frame(now, i),
                   [&](State& n, Worker& me) {
                       release(n, me.serial, me.frame_first, i);
                       ++me.tail;
                   });
                break;
            case At::early_header:
                go("writes the header of what came before", At::early_publish,
                   [&](State&, Worker& me) { write_header(me, me.tail, i); });
                break;
            case At::early_publish:
                go("tail += frame", job(serial)[i] == 'L' ? At::part_room : At::lone_first,
                   [&](State& n, Worker& me) {
                       release(n, me.serial, me.frame_first, i);
                       ++me.tail;
                   });
                break;
            case At::part_room:
            case At::last_room:
                if (room(now, 1)) {
                    go("sees room in its ring",
                       now.at == At::part_room ? At::part_frame : At::lone_first, nothing);
                }
                break;
            case At::part_frame:
                go(
                    "writes a part of item", At::part_publish,
                    [&](State&, Worker& me) { write_alone(me, Kind::part, i); }, i);
                break;
            case At::part_publish:
                go("tail += part", At::last_room, [](State&, Worker& me) { ++me.tail; });
                break;
            case At::lone_first:
                if (is(Flaw::lone_frame_opened_by_its_end)) {  // first frame_first = i + 1, then
                                                               // frame_pos
                    go(
                        "writes the frame of item", At::lone_beyond,
                        [&](State&, Worker& me) { write_lone(me, i); }, i);
                } else {
                    go(
                        "frame_first =", At::lone_pos,
                        [&](State&, Worker& me) { me.frame_first = i; }, i);
                }
                break;
            case At::lone_pos:
                go("frame_pos = tail",
                   is(Flaw::lone_frame_opened_by_its_end) ? At::lone_publish : At::lone_frame,
                   [](State&, Worker& me) { me.frame_pos = me.tail; });
                break;
            case At::lone_frame:
                go(
                    "writes the frame of item",
                    is(Flaw::lone_frame_first_moved_after_the_tail) ? At::lone_publish
                                                                    : At::lone_beyond,
                    [&](State&, Worker& me) { write_lone(me, i); }, i);
                break;
            case At::lone_beyond:
                go(
                    "frame_first =",
                    is(Flaw::lone_frame_opened_by_its_end)            ? At::lone_pos
                    : is(Flaw::lone_frame_first_moved_after_the_tail) ? At::lone_past
                                                                      : At::lone_publish,
                    [&](State&, Worker& me) { me.frame_first = byte(i + 1); }, i + 1);
                break;
            case At::lone_publish: {
                const auto then = is(Flaw::lone_frame_first_moved_after_the_tail) ? At::lone_beyond
                                  : is(Flaw::lone_frame_leaves_current_behind)
                                      ? after_frame(now, byte(i + 1))
                                      : At::lone_past;
                go("tail += frame", then, [&](State& n, Worker& me) {
                    finish(n, me, i);
                    release(n, me.serial, i, byte(i + 1));
                    ++me.tail;
                    if (is(Flaw::lone_frame_leaves_current_behind)) {
                        me.item = byte(i + 1);
                    }
                });
                break;
            }
            case At::lone_past:
                go(
                    "current = at", after_frame(now, byte(i + 1)),
                    [&](State&, Worker& me) {
                        me.current = byte(i + 1);
                        me.running = 0;
                        me.item = byte(i + 1);
                    },
                    i + 1);
                break;

            // Closing, as find_any does.
            case At::stop_read:
                go(
                    "reads W to close the job in page", At::stop_note,
                    [&](State& n, Worker& me) {
                        me.word = n.pages[me.my_page].word;
                        if (me.word.taker == closed) {
                            me.at = At::next_item;
                        } else if (me.word.taker == byte(w) || me.word.taker == nobody ||
                                   is(Flaw::worker_closes_without_evidence)) {
                            me.at = At::stop_swap;
                        }
                    },
                    now.my_page);
                break;
            case At::stop_note:
                go(
                    "evidence of worker", At::stop_swap,
                    [&](State&, Worker& me) {
                        evidence(me, me.my_page, me.word.taker) = {me.word.serial, me.word.next};
                    },
                    now.word.taker);
                break;
            case At::stop_swap: {
                const bool wins = same(s.pages[now.my_page].word, now.word);
                go(wins ? "closes the job" : "does not get to close the job",
                   wins ? At::next_item : At::stop_read, [&](State& n, Worker& me) {
                       if (wins) {
                           n.pages[me.my_page].word = {me.word.next, closed, me.word.serial};
                       }
                       me.word = {};
                   });
                break;
            }

            // Section 4, step 9.
            case At::rest:
                if (cfg.max_tasks != 0 && now.quota == 0) {
                    go("phase = retired", At::leave, [](State&, Worker& me) {
                        me.phase = Phase::retired;
                        forget(me);
                    });
                } else {
                    go("phase = idle", At::idle, [&](State&, Worker& me) {
                        if (!is(Flaw::phase_not_idle_while_the_claim_is_rewritten)) {
                            me.phase = Phase::idle;
                        }
                        forget(me);
                    });
                }
                break;
            case At::leave:
                go("exits", At::dead, nothing);
                break;
        }
    }

    void look(const State& s, int w, int p, Next& out) const {
        const auto& page = s.pages[idx(p)];
        const auto& jobs = cfg.pages[idx(p)];
        if (jobs.empty()) {
            return;
        }
        // Looking at a page with nothing to claim leads back to here. It is only of interest when
        // the page may change meanwhile.
        const bool open = page.word.serial == page.serial && page.word.taker != closed &&
                          page.word.next < page.limit;
        const bool reused = jobs.size() > 1;
        if (!open && (!reused || page.turn + 1U == jobs.size() || s.workers[idx(w)].looks == 0)) {
            return;
        }
        auto& next = out.emplace_back(Successor<State>{{"worker", w, "looks at page", p}, s}).state;
        auto& me = next.workers[idx(w)];
        if (!open) {
            --me.looks;
        }
        me.my_page = byte(p);
        me.my_serial = page.serial;
        me.at = At::read_limit;
        if (is(Flaw::limit_read_before_the_serial)) {  // the same two loads, in the wrong order:
                                                       // the serial comes with W
            me.my_limit = page.limit;
            me.at = At::read_word;
        } else if (!reused) {  // nothing of this page changes but W: one step is as good as three
            me.my_limit = page.limit;
            me.at = At::note;
            read_word(next, me);
        }
    }

    void read_word(State& n, Worker& me) const {
        if (is(Flaw::limit_read_before_the_serial)) {
            me.my_serial = n.pages[me.my_page].serial;
        }
        const auto word = n.pages[me.my_page].word;
        if (word.serial == 0) {
            forget(me);
            me.at = At::idle;
        } else if (!sound(word, me.my_serial)) {
            me.at = At::recheck;
        } else if (word.taker == closed || word.next >= me.my_limit) {
            forget(me);
            me.at = At::idle;
        } else {
            me.word = word;
            const bool other = word.taker != nobody && &me != &n.workers[idx(word.taker)];
            const bool skip = is(Flaw::no_evidence) || is(Flaw::evidence_after_the_swap);
            me.at = !other || skip ? first_claim_step() : At::note;
            if (me.at == At::note && cfg.keeping == Keeping::word_per_worker) {
                const auto kept = evidence(me, 0, word.taker).serial;
                if (kept != 0 && kept != word.serial) {
                    me.at = At::note_phase;
                }
            }
        }
    }

    [[nodiscard]] At first_claim_step() const {
        return is(Flaw::intent_before_the_claim) ? At::intent : At::claim_page;
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
        auto& n =
            out
                .emplace_back(Successor<State>{
                    {"worker", w, wins ? "swaps W: next =" : "its swap fails: next !=", now.end},
                    s})
                .state;
        auto& me = n.workers[idx(w)];
        if (!wins) {
            me.at = At::back_to_idle;
            return;
        }
        n.pages[me.my_page].word = {me.end, byte(w), me.word.serial};
        const auto before = me.word;
        me.word = {};
        me.swapped = 1;
        me.at = At::taken;
        const auto truth = n.pages[me.my_page].serial;
        for (int i = me.begin; i < me.end; ++i) {
            if (idx(i) >= job(truth).size() || me.serial != truth) {
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

    void start(State& n, Worker& me, int w) const {
        const auto i = me.item;
        auto& item = n.items[me.serial][i];
        require(n, item.holder == w + 1, "an item runs on a worker that does not hold it");
        require(n, item.finished == 0, "a finished item runs again");
        ++item.started;
        require(n, item.started <= 1 + item.charged,
                "an item runs again although its own death did not cost it a try");
        me.current = i;
        me.running = 1;
        me.truly_runs = byte(i + 1);
        if (cfg.max_tasks != 0) {
            require(n, me.quota > 0, "a worker runs more items than its life allows");
            if (me.quota > 0) {
                --me.quota;
            }
        }
    }

    static void finish(State& n, Worker& me, u8 i) {
        n.items[me.serial][i].finished = 1;
        me.truly_runs = 0;
    }

    /// Items [first, last) are published: nobody holds them any more.
    static void release(State& n, u8 serial, u8 first, u8 last) {
        for (auto i = first; i < last; ++i) {
            n.items[serial][i].holder = 0;
        }
    }

    static At after_frame(const Worker& me, u8 reached) {
        return reached == me.end ? At::rest : At::room;
    }

    void write_header(Worker& me, u8 position, u8 last) const {
        auto& frame = me.ring[idx(position % cfg.ring)];
        frame.stamp = byte(position + 1);
        frame.kind = Kind::results;
        frame.serial = me.serial;
        frame.first = me.frame_first;
        frame.count = byte(last - me.frame_first);
    }
    void write_alone(Worker& me, Kind kind, u8 i) const {
        place(me) = {byte(me.tail + 1), kind, me.serial, i, 1, {}};
    }
    void write_lone(Worker& me, u8 i) const {
        write_alone(me, job(me.serial)[i] == 'L' ? Kind::last_part : Kind::threw, i);
    }

    /// What a worker's registers say between two claims is of no consequence: states that differ
    /// only there are one.
    static void forget(Worker& me) {
        me.my_page = me.my_serial = me.my_limit = me.item = 0;
        me.word = {};
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

    // ------------------------------------------------------------------------------------------
    // what the fork server does

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
                            if (patient.phase == Phase::intent) {
                                n.server = is(Flaw::evidence_read_before_the_word)
                                               ? ServerAt::reads_evidence
                                               : ServerAt::reads_word;
                                if (is(Flaw::replacement_before_the_recovery)) {
                                    patient.phase = Phase::idle;
                                    patient.at = At::idle;
                                }
                            } else if (patient.phase == Phase::taken) {
                                begin_held(n, patient);
                            } else {
                                n.server = ServerAt::restarts;
                                n.resume = patient.end = 0;
                            }
                        },
                        v);
                }
                break;
            case ServerAt::reads_word:
                go(
                    "reads W of page",
                    [&](State& n, Worker&) {
                        if (same(n.pages[n.claim_page].word,
                                 {n.claim_end, byte(w), n.claim_serial})) {
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
                                : page.evidence_of == w && page.evidence == claim;
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
            case ServerAt::decides:
                go(s.found != 0 ? "finds that the claim succeeded" : "finds that the claim failed",
                   [&](State& n, Worker& patient) {
                       require(n, n.found == n.truth,
                               "the doubt about a claim is resolved wrongly");
                       if (is(Flaw::replacement_before_the_recovery)) {
                           n.server = ServerAt::waits;
                       } else if (n.found != 0) {
                           begin_held(n, patient);
                       } else {
                           n.server = ServerAt::restarts;
                           n.resume = patient.end = 0;
                       }
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
                    s.resume < s.workers[idx(w)].end
                        ? "starts the replacement with the rest from item"
                        : "starts the replacement with nothing",
                    [&](State& n, Worker& patient) { replace(n, patient); },
                    s.resume < s.workers[idx(w)].end ? s.resume : -1);
                break;
        }
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
        const bool holds = n.resume < dead.end;
        // The truth: what it held and has not published is what the replacement starts with, no
        // more and no less.
        for (int serial = 1; serial <= max_jobs; ++serial) {
            for (int i = 0; i < max_items; ++i) {
                const bool held = n.items[idx(serial)][idx(i)].holder == w + 1;
                const bool given = holds && serial == dead.serial && n.resume <= i && i < dead.end;
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
        dead.begin = dead.current = dead.frame_first = n.resume;
        dead.running = dead.swapped = dead.truly_runs = 0;
        dead.frame_pos = 0xFF;
        if (!holds) {
            dead.serial = dead.page = dead.begin = dead.end = dead.current = dead.frame_first = 0;
        }
        if (is(Flaw::evidence_dies_with_its_author)) {
            dead.evidence = {};
        }
        n.resume = 0;
        forget(dead);
        dead.quota = byte(cfg.max_tasks);
        dead.at = holds ? At::room : At::idle;
        if (holds) {
            dead.my_page = dead.page;
            dead.my_serial = dead.serial;
            dead.my_limit = n.pages[dead.page].limit;
            dead.item = dead.begin;
        }
    }

    // ----------------------------------------------------------------------------------------------
    // what the client does

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
        const auto last = page.word.taker == closed ? page.word.next : page.limit;
        if (is(Flaw::page_reused_when_all_is_claimed) &&
            page.turn + 1U < cfg.pages[idx(p)].size()) {
            return page.word.next >= last;
        }
        for (int i = 0; i < last; ++i) {
            if (s.items[page.serial][idx(i)].delivered == 0) {
                return false;
            }
        }
        return true;
    }

    /// A page is given to the next job: W says "no job" before the serial number changes, and says
    /// "the new job" last.
    void restart(const State& s, int p, Next& out) const {
        const auto& jobs = cfg.pages[idx(p)];
        const auto& now = s.pages[idx(p)];
        if (jobs.empty() || now.turn + 1U >= jobs.size()) {
            return;
        }
        if (now.stage == 0 && (!resolved(s, p) || (s.cancel != 0 && s.cancel != 3))) {
            return;
        }
        const auto go = [&](std::string_view what, auto&& change) {
            auto& n = out.emplace_back(Successor<State>{{"client", -1, what, p}, s}).state;
            auto& page = n.pages[idx(p)];
            page.stage = byte(now.stage + 1);
            change(n, page);
        };
        switch (now.stage) {
            case 0:
                go("gives up the job; W = nothing in page", [&](State& n, Page& page) {
                    for (int i = 0; i < page.word.next; ++i) {
                        require(n, n.items[page.serial][idx(i)].delivered == 1,
                                "a job page is reused while an item of it is not delivered");
                    }
                    if (!is(Flaw::serial_changed_under_a_live_word)) {
                        page.word = {};
                    }
                    page.evidence_of = nobody;
                    page.evidence = {};
                });
                break;
            case 1:
                go("writes the next job's limit into page",
                   [&](State&, Page& page) { page.limit = byte(jobs[page.turn + 1U].size()); });
                break;
            case 2:
                go("writes the next job's serial into page",
                   [&](State&, Page& page) { page.serial = serial_of(p, page.turn + 1); });
                break;
            case 3:
                go("starts the next job in page", [&](State&, Page& page) {
                    ++page.turn;
                    page.stage = 0;
                    page.word = {0, nobody, page.serial};
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
