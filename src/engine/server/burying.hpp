#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/server/deadlines.hpp"
#include "engine/server/descendants.hpp"
#include "engine/server/places.hpp"
#include "engine/server/pool_report.hpp"
#include "engine/server/recovery.hpp"
#include "engine/server/spare.hpp"
#include "engine/server/stops.hpp"
#include "engine/shared/layout.hpp"
#include "os/memory_kills.hpp"
#include "os/reaping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Handles the death of a worker (docs/protocol.md, part 5): reaps it, recovers what it held,
/// reports the item that it was running, and leaves the rest of its claim to its replacement.
class Burying {
public:
    Burying(const Layout& layout, Places& places, Spare& spare, Descendants& descendants,
            const Deadlines& deadlines, const Stops& stops, PoolReport& report);

    /// When to look again for room in the rings of dead workers; `never` if none of them needs it.
    [[nodiscard]] std::uint64_t next_look(std::uint64_t now) const;
    /// Reaps and buries the workers that have ended, and tries again those that wait for the
    /// client.
    void bury_all();

private:
    enum class Recovered {
        whole,
        corrupt,  ///< the memory of the dead worker makes no sense
        no_room,  ///< the report does not fit into the ring yet
    };
    /// What the fork server remembers about a place.
    struct Grave {
        os::Ending ending;  // of the last worker there
        bool written_off = false;
        bool for_memory = false;  // the kernel's memory killer ended it
        // The item that was tried before, and how often.
        std::uint64_t tried_serial = 0;
        std::uint64_t tried_item = 0;
        std::uint64_t tried_part = 0;
        std::uint64_t tries = 0;
        // The item before which the last worker died without having begun it, and how many did in a
        // row.
        std::uint64_t awaited_serial = 0;
        std::uint64_t awaited_item = 0;
        int deaths_before = 0;
    };

    void reap_ended();
    void bury(int worker);
    [[nodiscard]] bool was_initializing(int worker) const;
    void blame_initializer(int worker);
    [[nodiscard]] Recovery::Finding inspect(int worker) const;
    [[nodiscard]] Recovered recover(int worker, const Recovery::Finding& finding);
    [[nodiscard]] Recovered report_and_hand_on(int worker, const Recovery::Finding& finding);
    [[nodiscard]] bool has_tried(int worker, std::uint64_t serial, std::uint64_t item) const;
    [[nodiscard]] std::uint64_t part(int worker, const Recovery::Finding& finding) const;
    [[nodiscard]] bool try_again(int worker, const Recovery::Finding& finding);
    [[nodiscard]] bool never_begins(int worker, const Recovery::Finding& finding);
    [[nodiscard]] std::chrono::nanoseconds run_time(int worker, const JobTerms& terms) const;
    [[nodiscard]] Recovery::Reported report(int worker, const Recovery::Finding& finding) const;
    void hand_on(int worker, const Claim& held, std::uint64_t first) const;
    void count_death(int worker, const Recovery::Finding& finding, bool whole);
    void leave_place(int worker, bool whole);
    void reopen(int worker);

    const Layout& layout_;
    Places& places_;
    Spare& spare_;
    Descendants& descendants_;
    const Deadlines& deadlines_;
    const Stops& stops_;
    PoolReport& report_;
    Recovery recovery_;
    os::MemoryKills memory_kills_;
    const std::uint64_t born_;  // when this process was, in ns
    std::vector<Grave> graves_;
    int deaths_at_start_ = 0;  // in a row
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
