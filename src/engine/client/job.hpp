#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/feed.hpp"
#include "engine/client/interval_set.hpp"
#include "engine/client/receiver.hpp"
#include "engine/shared/interface.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// One submitted job: the client's book-keeping, private memory guarded by the pool's mutex.
class Job {
public:
    explicit Job(std::shared_ptr<Sink> sink) : receiver(std::move(sink)) {}

    Receiver receiver;
    std::uint64_t count = 0;  // items known so far
    bool open = false;        // more may be fed
    bool fail_fast = false;
    bool finishes_claimed = false;  // claimed items run even if a worker closes it
    bool ended = false;             // cancelled or abandoned: no more of its items start
    bool resolved = false;
    IntervalSet done;  // items of which the receiver knows what came of them

    // What keeps the job's memory alive while workers read it.
    Block block;
    std::shared_ptr<const void> keep;
    std::shared_ptr<const void> keep_output;
    std::vector<Block> more_blocks;
    Feed feed;

    /// A job page that workers may hold claims on. There is more than one only after a
    /// reconciliation; the last is the live one.
    struct Posting {
        std::size_t page = 0;
        std::uint64_t base_positions = 0;  // position base_positions is item base_count
        std::uint64_t base_count = 0;
        bool closed = false;  // no more of it is claimed
    };
    std::vector<Posting> postings;

    /// A large result of which parts are still to come.
    struct Parts {
        std::vector<std::byte> bytes;
        std::uint64_t received = 0;
        bool lost = false;  // no memory for it here
    };
    std::map<std::uint64_t, Parts> parts;

    std::uint64_t nudged_ns = 0;  // when more workers were last called for it
    bool waited = false;          // its caller waits for it from the start
    bool had_spinner = false;     // a spinning worker saw it come: answers take microseconds
    /// Whom its client called so far. More each time that the job is not over after a while.
    enum class Called : std::uint8_t { few, claimers, everybody };
    Called called = Called::few;
    std::uint64_t fed_ns = 0;  // when it was fed last

    // In a timeline: when it was posted, and its track.
    std::uint64_t began_ns = 0;
    std::size_t track = 0;

    /// Is this wait to watch for the answer before it parks? A fed job is waited for again and
    /// again: what was seen of one answer is a guess of the next.
    [[nodiscard]] bool is_watched() {
        return waited && (unwatched_waits_ == 0 || unwatched_waits_-- == 0);
    }
    /// Its bell rang while a wait watched, or it did not.
    void note_watch(bool rung);

    /// Gives up those of items [first, last) that are not done: the receiver is told why.
    void drop(std::uint64_t first, std::uint64_t last, const Failure& why);

    /// Has everything reached the receiver?
    [[nodiscard]] bool is_complete() const { return !open && done.total() == count; }
    /// How many items the sink has heard of.
    [[nodiscard]] std::uint64_t told() const { return done.total() - receiver.untold(); }
    /// Can nothing that still arrives change the answer? True for a search that is certain of what
    /// it found.
    [[nodiscard]] bool is_certain() const {
        return done.contains_all_before(receiver.certain_before());
    }

    /// Call it when nobody reads the job's memory any more.
    [[gnu::hot]] void release_memory();

private:
    // So many waits do not watch, and so many more after the next one that watches in vain.
    std::uint8_t unwatched_waits_ = 0;
    std::uint8_t next_unwatched_waits_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
