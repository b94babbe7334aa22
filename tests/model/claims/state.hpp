#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

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
    serial_not_read_again,
    // closing
    client_closes_without_evidence,
    client_evidence_in_two_words,
    worker_closes_without_evidence,
    closed_before_the_reason_is_published,
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
    serial_stays_while_the_word_changes,
    limit_before_the_word,
    positions_start_again,
    // giving back
    offer_opened_before_it_is_written,
    offer_replaced_while_its_taker_is_in_doubt,
    offer_number_used_again,
    offer_kept_for_the_next_claim,
    offer_of_the_dead_left_open,
    server_takes_back_what_was_taken,
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
    std::array<int, max_workers> offers{};  ///< per slot: how often it may offer items
    bool checks_collide = false;            ///< the check of a claim word says nothing of the job
    /// Per page the jobs that it carries, one after the other. An item is a letter:
    /// o: ends well, x: throws, L: has a result of two parts, s: ends well and closes the job.
    std::array<std::vector<std::string>, max_pages> pages{};
    Keeping keeping = Keeping::word_per_job;
    bool reduce = true;  ///< steps that nobody else can see are not interleaved
    Flaw flaw = Flaw::none;
    Flaw second_flaw = Flaw::none;
};

enum class Phase : u8 { idle, intent, taken, retired };
enum class Kind : u8 { none, results, threw, died, part, last_part };

inline constexpr u8 nobody = 0xE;
inline constexpr u8 closed = 0xF;

/// A claim word; `serial` stands for the check. Serial 0: no job. The offer of a worker is such a
/// word, too: next: its number; taker: nobody while it is open, closed after it was taken back.
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
    read_word,
    read_limit,
    read_again,
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
    give_look,
    give_split,
    give_number,
    give_open,
    give_late_split,
    take_back,
    see_claim,
    see_split,
    rest,
    leave,
};

struct Worker {
    // The slot.
    Phase phase = Phase::idle;
    u8 serial = 0, page = 0, begin = 0, end = 0, shift = 0;  // item = position - shift
    u8 giver = nobody, number = 0;  // claimed from this offer; nobody: from a claim word
    u8 offer = 0, split = 0;        // what it gives back; see giving.hpp
    u8 current = 0, running = 0;
    u8 frame_first = 0, frame_pos = 0xFF, tail = 0;
    std::array<std::array<Evidence, max_workers>, max_pages> evidence{};
    std::array<Frame, max_ring> ring{};
    u8 head = 0;  // the client's
    Word offered{0, closed, 1};

    // Private to the process.
    At at = At::idle;
    At back = At::idle;  // where it goes on after it offered items
    u8 my_page = 0, my_serial = 0, my_limit = 0, my_shift = 0, item = 0, quota = 0;
    u8 my_begin = 0, my_end = 0, my_giver = nobody, my_number = 0;
    u8 held_end = 0;  // position: of what it holds, should nobody take its offer
    u8 until = 0;     // item: it stops there, at the end or at the split
    u8 offers = 0;
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
    u8 serial = 0, limit = 0, shift = 0;
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

enum class ServerAt : u8 {
    waits,
    reads_word,
    reads_evidence,
    reads_offer,
    decides,
    settles,
    publishes,
    fails,
    restarts
};

struct State {
    std::array<Worker, max_workers> workers{};
    std::array<Page, max_pages> pages{};
    std::array<std::array<Item, max_items>, max_jobs + 1> items{};  // by serial
    // The fork server.
    ServerAt server = ServerAt::waits;
    u8 patient = 0, witness = 0, found = 0, resume = 0;
    u8 claim_serial = 0, claim_page = 0, claim_end = 0;  ///< what the slot of the dead said
    u8 held = 0;                                         ///< item: the end of what it held
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
    "an item is taken from a worker that did not hold it",
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
    "a job is closed for a reason that is not published",
    "a worker runs more items than its life allows",
    "a job page is reused while an item of it is not delivered",
};

}  // namespace model::claims
