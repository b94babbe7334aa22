#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/theft.hpp"
#include "engine/worker/bells.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What this worker steals of claims that take long, and what others steal from it
/// (docs/protocol.md, part 4, "Stealing").
class Thefts {
public:
    Thefts(const Seat& seat, Bells& bells)
        : seat_(seat),
          bells_(bells),
          own_(seat_.layout, seat.worker),
          word_(seat_.layout.thefts(seat.worker).word) {}

    /// Call it once, in the worker's process. From then on others can steal from it without a
    /// barrier of its own before each item, if the kernel has one for all processes.
    void prepare();

    // As a victim.
    static constexpr std::uint64_t look_each_time = ~std::uint64_t{0};
    /// How many thefts there were; for a claim that is about to be made.
    [[gnu::hot]] [[nodiscard]] std::uint64_t count();
    /// The own theft word, and what it was when it was looked at last: while it is that, `end_at`
    /// says nothing new. `look_each_time` is no such word.
    [[nodiscard]] const Word& word() const { return word_; }
    [[nodiscard]] std::uint64_t seen() const { return seen_; }
    /// Position `at` of the claim is about to start, the slot says so already. Returns where the
    /// claim ends now. If that is `at`, it is not this worker's any more.
    [[nodiscard]] std::uint64_t end_at(const Claim& claim, std::uint64_t at);
    /// From here on nothing of the claim is stolen any more. Returns where it ends now: at `at` at
    /// the earliest.
    [[nodiscard]] std::uint64_t shut(const Claim& claim, std::uint64_t at);
    /// The claim is not this worker's any more, and its slot says so. Ends what `shut` began. If a
    /// task wrote over the words, nobody may hold what was left of the claim: the client finds out.
    void let_go(const Claim& claim);

    // As a thief.
    struct Loot {
        Claim from;      ///< the claim of the victim
        Claim part;      ///< what this worker would take of it
        TheftWord word;  ///< of the victim

        [[nodiscard]] std::uint64_t size() const { return part.end - part.begin; }
    };
    /// Can this process steal at all?
    [[nodiscard]] bool may_steal() const { return takes_part_; }
    /// What can be stolen from this worker now.
    [[nodiscard]] std::optional<Loot> look_at(int worker);
    /// Steals it. The slot must have it as a claim in intent. False if the victim was faster.
    [[nodiscard]] bool take(const Loot& loot) const;

private:
    [[nodiscard]] std::uint64_t number() const { return static_cast<std::uint64_t>(seat_.worker); }
    [[nodiscard]] static bool may_be_stolen(const JobPage& page);
    [[nodiscard]] static bool may_lose(std::uint64_t phase);
    void end_if_stuck(const Victim& victim, int worker, const TheftWord& word);
    [[nodiscard]] bool is_in_doubt(const TheftWord& last, int worker) const;
    [[nodiscard]] bool has_not_begun(const Loot& loot, int worker) const;
    void note(std::uint64_t bits) { seen_ = takes_part_ ? bits : look_each_time; }

    const Seat& seat_;
    Bells& bells_;
    const Victim own_;
    Word& word_;
    std::uint64_t seen_ = look_each_time;
    std::uint64_t seen_count_ = 0;  // of thefts, in `seen_`
    bool is_shut_ = false;
    bool is_spoiled_ = false;  // a task wrote over the words: what had not started counts as stolen
    // A proposal that was seen and is not ended yet, since when, and from whom.
    std::uint64_t pending_ = 0;
    std::uint64_t pending_since_ = 0;
    int pending_from_ = -1;
    bool takes_part_ = false;  // in the barriers of thieves; else it needs its own
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
