#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/worker/chunk_length.hpp"
#include "engine/worker/seat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A job as a worker remembers it between two claims.
struct KnownJob {
    std::uint64_t serial = 0;
    ChunkLength chunk;
    TimedClaims timed;
    Thunk thunk = nullptr;
    void* prepared = nullptr;  // the decoded callable; null if its bytes are called as they are
    void (*close)(void*) = nullptr;
    std::byte* writable = nullptr;  // in-place results that this worker may write at the moment
    std::size_t writable_size = 0;
};

/// The jobs that this worker ran last.
class KnownJobs {
public:
    KnownJobs(const Seat& seat, ClaimClock& clock) : seat_(seat), clock_(clock) {}

    /// The entry of a job; a new job replaces an old one.
    [[nodiscard]] KnownJob& get(std::size_t job, std::uint64_t serial) {
        KnownJob& known = known_[job % known_.size()];
        if (known.serial != serial) {
            replace(known, job, serial);
        }
        return known;
    }

    /// Is the callable still to be decoded here?
    [[nodiscard]] static bool is_to_be_decoded(const KnownJob& known, const JobTerms& terms) {
        return terms.prepare.open != nullptr && known.prepared == nullptr;
    }
    /// Decodes the callable: code of the user's. Throws what that throws.
    static void decode(KnownJob& known, const JobTerms& terms);
    /// Gets the right to write the job's results in place. Throws std::system_error.
    [[gnu::hot]] void make_writable(KnownJob& known, const JobTerms& terms) const;

    /// From here on this worker may not write the in-place results.
    [[gnu::hot]] void make_read_only(const KnownJob& known);

    /// Releases what jobs hold in this worker: decoded callables, write access. False if they hold
    /// nothing.
    [[gnu::hot]] bool let_go();

private:
    [[gnu::hot]] void replace(KnownJob& known, std::size_t job, std::uint64_t serial);
    [[gnu::hot]] void forget(KnownJob& known);

    const Seat& seat_;
    ClaimClock& clock_;
    std::array<KnownJob, 16> known_{};

public:
    /// What the first claim after a rest reads: the members of this class, and the first job.
    static constexpr std::size_t hot_bytes = 2 * sizeof(void*) + sizeof(KnownJob);
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
