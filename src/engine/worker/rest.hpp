#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/bells.hpp"
#include "engine/worker/ledger.hpp"
#include "engine/worker/leftovers.hpp"
#include "engine/worker/outbox.hpp"
#include "engine/worker/seat.hpp"
#include "os/clock.hpp"
#include "wait/beat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A worker without work: spins for a while if there is a token, then parks until a client calls
/// (docs/protocol.md, part 6).
class Rest {
public:
    /// `own`: memory of this worker that the first claim after a rest reads.
    Rest(const Seat& seat, Bells& bells, const Outbox& outbox, Ledger& ledger,
         std::span<const std::byte> own)
        : seat_(seat), bells_(bells), outbox_(outbox), ledger_(ledger), own_(own) {}

    /// There is work.
    void note_work() {
        worked_ = true;
        hungry_ = false;
    }
    /// There was something to steal, and may be again at once.
    void note_loot() { pause_ns_ = first_patience_ns; }
    /// Is there a job that goes on without this worker for longer than short ones do?
    [[nodiscard]] bool is_hungry() const { return hungry_; }
    /// Blocks until the doorbell differs from `doorbell`; may return sooner. `ended`: when work
    /// ended, if that was just now, in ns; or 0.
    [[gnu::hot]] void until_called(std::uint32_t doorbell, std::uint64_t ended);

private:
    static constexpr std::uint64_t first_patience_ns = 100 * os::us;
    static constexpr std::uint64_t longest_pause_ns = 1000 * os::ms;

    [[gnu::hot]] [[nodiscard]] bool called() const;
    [[gnu::hot]] bool spin(std::uint64_t until, bool may_part);
    [[gnu::hot]] void park();
    [[gnu::hot]] void park_until(std::uint64_t time) const;
    [[gnu::hot]] bool grow_hungry();
    bool look_out();
    void stay_hungry();
    [[gnu::hot]] void clean_up();
    [[gnu::hot]] bool look_at_next_beat();
    [[gnu::hot]] void fetch_what_a_claim_needs() const;
    void note_woken();
    void part_from_caller();

    const Seat& seat_;
    Bells& bells_;
    const Outbox& outbox_;
    Ledger& ledger_;
    const std::span<const std::byte> own_;
    std::uint32_t doorbell_ = 0;
    int calls_on_shared_cpu_ = 0;
    // With a job that goes on without this worker. Grows from one short job to the next, as a
    // worker that nobody calls is no help there; a long one sets it back.
    std::uint64_t patience_ns_ = first_patience_ns;
    std::uint64_t oldest_ = 0;        // serial number of the oldest job at the last rest
    std::uint64_t oldest_until_ = 0;  // then patience with it is over
    std::uint64_t pause_ns_ = first_patience_ns;  // between looks for something to steal
    bool hungry_ = false;
    bool worked_ = false;                 // since the last rest
    std::uint64_t began_ = os::now_ns();  // when work ended last
    std::uint64_t length_ =
        0;  // of the last rest, if a call ended it and `beat_` has not noted it; or 0
    wait::Beat beat_;
    Leftovers leftovers_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
