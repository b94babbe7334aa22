#pragma once

#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Reads what the slot of a dead worker says (docs/protocol.md, parts 3 to 5). The fork server uses
/// it after reaping a worker; the client uses it for the last words of the worker that broke the
/// pool. Everything it reads was written by a worker: nothing is followed or trusted before it is
/// checked.
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
        bool timed_out = false;    ///< ... for too long: Burying knows
        bool stopped = false;      ///< ... and its job was stopped: Burying knows
        bool retired = false;
        bool job_is_over = false;  ///< of the claim in its slot: all of that was delivered
        bool frame_open = false;   ///< [frame_first, item) are finished in the open frame
        std::uint64_t frame_first = 0;
    };

    [[nodiscard]] Finding inspect(int worker) const;

    /// Publishes the finished items of the open frame on behalf of the dead worker. False if the
    /// frame makes no sense.
    [[nodiscard]] bool publish_open_frame(int worker, const Finding& finding) const;
    /// Adds what the dead worker wrote about its death: its stack, and why it gave up.
    void add_last_words(int worker, detail::Failure& failure, int signal) const;
    enum class Reported { yes, no_room };
    /// Publishes the items from `first` to the end of the claim as skipped, if their job is
    /// cancelled and there is room. False if not: they are left to the replacement.
    [[nodiscard]] bool skip_cancelled(int worker, const Claim& claim, std::uint64_t first) const;
    /// Publishes, on behalf of the dead worker, why an item has no result.
    [[nodiscard]] Reported publish_failure(int worker, const Claim& claim,
                                           const detail::Failure& failure) const;

private:
    enum class Doubt { taken, not_taken, unknown };
    [[nodiscard]] Doubt resolve(int worker, const Claim& claim) const;
    [[nodiscard]] Doubt was_stolen(int worker, const Claim& claim) const;

    Layout layout_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
