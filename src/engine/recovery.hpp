#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/failure.hpp>

#include "engine/layout.hpp"

namespace procpool::engine {

/// What the slot of a dead worker says (docs/protocol.md, parts 3 to 5). Runs in the fork server,
/// after the reaping. Everything it reads was written by a worker: nothing is followed or trusted
/// before it is checked.
class Recovery {
public:
    explicit Recovery(const Layout& layout) : layout_(layout) {}

    enum class State {
        nothing,  ///< it held no item
        held,     ///< it held [item, end) of `claim`
        corrupt,  ///< its memory makes no sense
    };
    struct Finding {
        State state = State::nothing;
        Claim claim{};
        std::uint64_t item = 0;    ///< the first item that is not finished
        bool was_running = false;  ///< `item` was running
        bool timed_out = false;    ///< ... and condemned for its timeout
        bool retired = false;
        bool frame_open = false;  ///< [frame_first, item) are finished in the open frame
        std::uint64_t frame_first = 0;
    };

    [[nodiscard]] Finding inspect(int worker) const;

    /// Publishes the finished items of the open frame on behalf of the dead. False if the frame
    /// makes no sense.
    [[nodiscard]] bool publish_open_frame(int worker, const Finding& finding) const;
    enum class Reported { yes, no_room };
    /// Publishes why an item has no result on behalf of the dead.
    [[nodiscard]] Reported publish_failure(int worker, const Claim& claim,
                                           const detail::Failure& failure) const;

    /// Before the slot of a dead worker is used again: what it knew of others that are dead too.
    void keep_evidence(int worker, const std::vector<int>& others_dead);
    void forget_evidence_for(int worker);

private:
    enum class Doubt { taken, not_taken, unknown };
    [[nodiscard]] Doubt resolve(int worker, const Claim& claim) const;

    struct Evidence {
        int about;
        std::uint64_t word;
    };
    Layout layout_;
    std::vector<Evidence> kept_;
};

}  // namespace procpool::engine
