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
    // stealing
    theft_word_read_before_current_is_written,
    proposal_looked_at_once,
    proposal_not_refused,
    thiefs_claim_read_without_a_second_look,
    claim_read_before_current,
    claim_not_read_again,
    current_not_read_again,
    whole_claim_stolen,
    theft_replaced_while_its_thief_is_in_doubt,
    thefts_kept_for_the_next_claim,
    split_written_before_the_theft_is_decided,
    theft_recorded_before_the_split,
    theft_of_the_dead_left_decided,
    dead_victim_not_left,
    disposed_without_shutting,
    heir_does_not_look,
    heir_looks_before_it_takes,
    thefts_counted_for_one_item,
    first_item_stolen_from_its_heir,
    current_of_an_earlier_claim_believed,
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
    std::array<int, max_workers> thefts{};  ///< per slot: how often it may try to steal
    bool disposes = false;        ///< what lies behind an item 's' in its claim is skipped
    bool checks_collide = false;  ///< the check of a claim word says nothing of the job
    /// Per page the jobs that it carries, one after the other. An item is a letter:
    /// o: ends well, x: throws, L: has a result of two parts, s: ends well and closes the job.
    std::array<std::vector<std::string>, max_pages> pages{};
    Keeping keeping = Keeping::word_per_job;
    bool reduce = true;  ///< steps that nobody else can see are not interleaved
    Flaw flaw = Flaw::none;
    Flaw second_flaw = Flaw::none;
};

enum class Phase : u8 { idle, intent, taken, left, waiting, retired };
enum class Kind : u8 { none, results, threw, died, part, last_part, skipped };

inline constexpr u8 nobody = 0xE;
inline constexpr u8 closed = 0xF;
inline constexpr u8 not_a_part = 0xFF;
inline constexpr u8 never_stolen = 0xFF;  // `thefts` of a claim

/// A claim word; `serial` stands for the check. Serial 0: no job.
struct Word {
    u8 next = 0, taker = nobody, serial = 0;
    bool operator==(const Word&) const = default;
};

struct Evidence {
    u8 serial = 0, end = 0;
    bool operator==(const Evidence&) const = default;
};

enum class Theft : u8 { recorded, proposed, decided };

/// The theft word of a worker.
struct TheftWord {
    u8 count = 0;
    Theft state = Theft::recorded;
    u8 thief = nobody, shut = 0;
    bool operator==(const TheftWord&) const = default;
};

/// The claim in a slot, as far as one differs from another (the job has but one page and shift).
struct ClaimWords {
    u8 serial = 0, begin = 0, end = 0;  // positions
    u8 victim = nobody, number = 0;     // of this theft from that worker; nobody: of a claim word
    u8 thefts = 0;                      // from this worker, before the claim
    bool operator==(const ClaimWords&) const = default;
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
    claim_source,
    claim_check,
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
    look,
    look_at_thief,
    look_again,
    look_at_split,
    refuse,
    ends_here,
    shut,
    reopen,
    inherit,
    look_first,
    see_doubt,
    see_phase,
    see_claim,
    see_split,
    see_current,
    read_thefts,
    verify_current,
    verify_phase,
    verify_claim,
    early_split,
    decide,
    write_split,
    record,
    withdraw,
    rest,
    leave,
};

struct Worker {
    // The slot.
    Phase phase = Phase::idle;
    ClaimWords claim{};
    u8 torn = 0;             // the check of the claim does not fit it
    u8 page = 0, shift = 0;  // item = position - shift
    u8 current = 0, running = 0;
    u8 frame_first = 0, frame_pos = 0xFF, tail = 0;
    std::array<std::array<Evidence, max_workers>, max_pages> evidence{};
    std::array<Frame, max_ring> ring{};
    u8 head = 0;  // the client's
    // Its common words.
    TheftWord theft{};
    u8 split = 0, split_number = 0;

    // Private to the process.
    At at = At::idle;
    u8 my_page = 0, my_limit = 0, my_shift = 0, item = 0, quota = 0;
    ClaimWords mine{};   // the claim that it is about to make
    ClaimWords other{};  // that of its victim
    TheftWord seen{};    // its own at its last look
    TheftWord read{};    // one that it has just read
    u8 found = 0;        // position: where the claim of its thief begins; 0xFF: that is no thief
    u8 until = 0;        // item: where its claim ends, by what it knows
    u8 early = 0;        // only in a flaw
    u8 disposing = 0;
    u8 inherits = 0;  // it is about to begin what a dead worker left
    u8 at_first = 0;  // it wants the first item, of a claim that waits for its worker
    u8 thefts_left = 0;
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
    reads_theft,
    writes_split,
    records,
    decides,
    leaves,
    refuses,
    reads_split,
    reads_thief,
    reads_again,
    inspects,
    publishes,
    fails,
    restarts,
    hands_on,
    starts
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
    TheftWord read{};                                    ///< the theft word of the dead
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
    "the alarm is raised at a sound theft word",
    "the fork server has to wait for the client",
    "a worker retires with items in its hands",
    "a job is closed for a reason that is not published",
    "a worker runs more items than its life allows",
    "a job page is reused while an item of it is not delivered",
};

}  // namespace model::claims
