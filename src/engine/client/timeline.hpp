#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/job.hpp"
#include "engine/shared/layout.hpp"
#include "engine/shared/timeline.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

class TimelineFile;

/// A pool's part of the timeline that PROCPOOL_TRACE asks for: what its client does, and what its
/// processes write into their rings. It goes to the file of this process; if this is a worker of
/// another pool, into its own ring, so that all reaches the file of the program. Guarded by the
/// pool's mutex. Without memory for a record that is left out.
class Timeline {
public:
    /// Is a pool that is made now to have one? Throws std::bad_alloc.
    [[nodiscard]] static bool is_wanted();

    explicit Timeline(const Layout& layout);

    [[nodiscard]] bool is_on() const { return is_on_; }

    /// The fork server is there.
    void begin(pid_t server) noexcept;
    /// Takes in what the processes wrote.
    void collect() noexcept {
        if (is_on_) [[unlikely]] {
            take_in(false);
        }
    }
    /// The processes are gone: takes in the rest, and writes all to the file.
    void finish() noexcept {
        if (is_on_) {
            take_in(true);
        }
    }

    /// Call these of a timeline that is on.
    void job_began(Job& job) noexcept;
    void job_ended(const Job& job, std::uint64_t serial) noexcept;
    /// An item has no result because its worker died.
    void item_died(const Failure& failure) noexcept;
    /// A thread waited.
    void waited(std::uint64_t began, std::uint64_t ended) noexcept;

private:
    /// Jobs that run at the same time are on different tracks. Short ones that follow each other
    /// are told as one.
    struct Track {
        bool taken = false;
        TimelineRecord pending;  // of kind `job`, if there is one
    };

    void take_in(bool all) noexcept;
    void take_in(const TimelinePages& pages, Word& head, std::int32_t pid, std::uint64_t& dropped,
                 bool all);
    void put(const TimelineRecord& record, std::string_view text);
    void put(const TimelineRecord& record) { put(record, record.read_text()); }

    const Layout& layout_;
    const bool is_on_;
    TimelineFile* const file_;  // null: into the ring of this worker
    std::vector<Track> tracks_;
    std::vector<std::uint64_t> dropped_;  // of each worker, then of the fork server
    std::uint64_t quantum_ns_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
