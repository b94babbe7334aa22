#pragma once

#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// Who holds which part of a claim that others steal from (docs/protocol.md, part 4, "Stealing").
namespace engine {

/// What was stolen from one worker, as any process sees and changes it.
class Victim {
public:
    Victim(const Layout& layout, int worker)
        : layout_(layout), worker_(worker), words_(layout.thefts(worker)) {}

    /// Its theft word; nothing if a task wrote over it.
    [[nodiscard]] std::optional<TheftWord> word() const;
    /// How many thefts there were, for a claim that is about to be made.
    [[nodiscard]] std::uint64_t count() const;
    /// Where theft number `count` began, by the split; nothing if that is of another one.
    [[nodiscard]] std::optional<std::uint64_t> split(std::uint64_t count) const;
    /// The same for a theft that is proposed or decided, by the claim of its thief.
    [[nodiscard]] std::optional<std::uint64_t> split_of(const TheftWord& seen) const;
    /// Where what the worker holds of its claim ends, a position. Nothing if the words make no
    /// sense. Refuses what is proposed: that is always allowed, and the end stays what it is only
    /// if nobody proposes any more.
    [[nodiscard]] std::optional<std::uint64_t> held_end(const Claim& claim) const;

    /// Replaces the word that was seen. False if it has changed.
    bool swap(const TheftWord& seen, const TheftWord& next) const;
    /// The theft that was seen proposed will not be.
    bool refuse(const TheftWord& seen) const;
    /// Step 9 of a thief, alive or dead: the theft that was decided begins at `split`.
    void record(std::uint64_t count, std::uint64_t split) const;
    /// Nothing is stolen from here on; and again, it may be.
    void shut() const;
    void reopen() const;

    /// Was the theft by which `claim` would have been taken decided for `thief`? It is dead: what
    /// it left undone is done. Nothing if the words make no sense.
    [[nodiscard]] std::optional<bool> settle(int thief, const Claim& claim) const;

private:
    [[nodiscard]] std::uint64_t secret() const { return layout_.pool().secret; }
    [[nodiscard]] std::uint64_t number() const { return static_cast<std::uint64_t>(worker_); }
    void set_shut(bool shut) const;

    const Layout& layout_;
    int worker_;
    TheftWords& words_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
