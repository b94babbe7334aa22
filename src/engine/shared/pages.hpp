#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/active_jobs.hpp"
#include "engine/shared/counts.hpp"
#include "engine/shared/job_terms.hpp"
#include "engine/shared/words.hpp"
#include "os/futex.hpp"
#include "os/mapping.hpp"
#include "trace/crash.hpp"
#include "wait/spin_tokens.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What a pool keeps in the shared region, grouped by who writes it (docs/protocol.md, part 1).
namespace engine {

/// `finish`: workers end in order, once they rest. `end`: they are killed.
enum class Command : std::uint32_t { run, finish, end };

/// Written by the client: one per pool.
struct PoolPage {
    /// How many jobs workers find in WorkerLine::own_job. It seldom changes, as the rest here.
    Word own_jobs{0};

    // Constant once the fork server runs.
    std::uint64_t secret = 0;
    std::uint64_t pool = 0;  ///< number of this pool among those of the region
    std::uint64_t workers = 0;
    std::uint64_t max_tasks = 0;   ///< items of a worker's life; 0: no limit
    std::uint64_t spin_ns = 0;     ///< how long an idle worker with a token spins
    std::uint64_t lookout_ns = 0;  ///< how long it does then, while there is no job
    std::uint64_t tokens = 0;      ///< spin tokens that its workers may take
    bool own_tokens = false;       ///< CommonWords::own_tokens, not those of the region
    void (*initialize)(std::span<const std::byte>) = nullptr;  ///< run once in every worker
    const std::byte* initializer = nullptr;                    ///< with these bytes
    std::size_t initializer_size = 0;
    void (*finalize)(std::span<const std::byte>) = nullptr;  ///< run in workers that end by plan
    const std::byte* finalizer = nullptr;                    ///< with these bytes
    std::size_t finalizer_size = 0;
    std::uint64_t handled_signals = 0;  ///< by the client; they do nothing to workers
    std::size_t memory_limit = 0;       ///< bytes a worker may grow by; 0: no limit
    std::uint64_t born_ns = 0;          ///< when the pool was made
    bool has_timeline = false;          ///< processes write what they do into rings of records

    Word timeline_quantum_ns{0};  ///< shorter spans are merged in the timeline
    Word server_records_head{0};  ///< of the fork server's ring of records: how many were read
    /// The CPU of a waiting client that no spinning worker answered at once; -1: there is none.
    alignas(cache_line) std::atomic<int> caller_cpu{-1};
    alignas(cache_line) os::FutexWord emptied_rings{
        0};  ///< counts emptied rings; workers with a full ring wait on it
    alignas(cache_line) std::atomic<Command> command{Command::run};
    Word shortest_timeout{0};  ///< of the active jobs, ns; 0: no job has one
    Word condemned{0};         ///< counts requests in WorkerLine::condemn
    Word stops{0};             ///< counts requests in JobPage::stop_at
    /// Set while the client finds out what every worker holds: nothing is stolen meanwhile.
    std::atomic<std::uint32_t> no_thefts{0};

    ActiveJobs active;
};

/// Written by the client: a line per worker.
struct alignas(cache_line) WorkerLine {
    Word head{0};     ///< of the result ring: bytes consumed
    Word condemn{0};  ///< incarnation of the worker to be killed for a corrupt ring
    Word emptied{0};  ///< incarnation whose ring was emptied after it was found down
    Word own_job{0};  ///< 1 + the page of a job that this worker alone may take; 0: there is none
    Word records_head{0};  ///< of its ring of records: how many were read
    int cpu = -1;          ///< the CPU that the worker is bound to; -1: none
};

/// Some positions of a reconciled job: [position, next extent's position) are items position +
/// shift.
struct Extent {
    std::uint64_t position = 0;
    std::uint64_t shift = 0;
};

/// Written by the client: one job.
struct JobPage {
    alignas(cache_line) Word serial{0};  ///< 0: free
    JobTerms terms;
    std::uint64_t shift = 0;  ///< item = position + shift, modulo 2^64, where there are no extents
    bool guarded = false;     ///< nothing shared may be written while an item runs
    const Extent* extents = nullptr;
    std::size_t extent_count = 0;

    alignas(cache_line) Word limit{0};        ///< positions that may be claimed
    os::FutexWord waiters{0};                 ///< threads of the client that wait; see bell.hpp
    std::atomic<std::uint32_t> cancelled{0};  ///< claimed items that have not started are skipped

    // Evidence for the last claim, written before the client closes the job.
    Word close_word{0};

    Word stop_at{0};  ///< ns: who runs an item of the job then is killed; 0: nobody is

    static constexpr std::size_t payload_size = os::page_size - 4 * cache_line;
    alignas(cache_line) std::array<std::byte, payload_size> payload;  ///< small closures and inputs
};
static_assert(sizeof(JobPage) == os::page_size);

/// Written by everybody: what was stolen from a worker.
struct TheftWords {
    Word word{0};   ///< a TheftWord
    Word split{0};  ///< a SplitWord
};

/// Written by everybody: one per pool.
struct CommonWords {
    static constexpr std::size_t near_workers = 64;
    /// By worker, the first ones last (Layout::thefts): on one page with what follows, up to the
    /// words of the first jobs.
    alignas(
        cache_line) std::array<TheftWords, (max_workers + 255) / 256 * 256 + near_workers> thefts{};
    /// Counts published jobs; idle workers wait on it.
    alignas(cache_line) os::FutexWord doorbell{0};
    /// Of a pool that does not share those of the region (PoolPage::own_tokens).
    alignas(cache_line) wait::SpinTokens own_tokens;
};
static_assert(offsetof(CommonWords, doorbell) % os::page_size ==
              CommonWords::near_workers * sizeof(TheftWords));

/// Written by everybody: one per job.
struct JobWords {
    alignas(cache_line) Word claim{0};
    alignas(cache_line) os::FutexWord bell{0};  ///< counts news of the job; clients wait on it
};

/// Written by the worker, or by the fork server while there is none.
struct Slot {
    // The claim.
    alignas(cache_line) Word phase{phase::idle};
    Word job{0};
    Word serial{0};
    Word begin{0};
    Word end{0};
    Word shift{0};
    Word source{0};
    Word claim_check{0};

    // The item.
    alignas(cache_line) Word current{resting_at(0)};
    Word frame_first{0};
    Word frame_pos{0};
    Word started{0};  ///< ns of the monotonic clock
    Word verdict{0};  ///< also swapped by the fork server
    Word frame_used{
        detail::seal(0)};  ///< sealed: bytes of entries in the open frame of variable-sized results
    Word thefts{0};        ///< from this worker, before its claim
    Word part{detail::no_part};  ///< of the item, if it has parts
    Word copy{0};                ///< seals that a copy of the worker has run its claim

    alignas(cache_line) Word tail{0};
    Word starved{0};       ///< waits for room in its ring
    Word alarm{0};         ///< counts corrupt claim and theft words that this worker met
    Word ready{0};         ///< incarnation that reached its loop
    Word initializing{0};  ///< an initializing_seal while the pool's initializer runs

    // Not beside the tail, which the client reads: processors fetch lines in pairs.
    alignas(2 * cache_line) WorkerCounts counts;

    alignas(cache_line) std::array<Word, max_workers> evidence{};

    alignas(cache_line) SlowestWords slowest{};

    [[nodiscard]] Claim claim() const {
        return {job.load(std::memory_order_acquire),   serial.load(std::memory_order_acquire),
                begin.load(std::memory_order_acquire), end.load(std::memory_order_acquire),
                shift.load(std::memory_order_acquire), source.load(std::memory_order_acquire),
                thefts.load(std::memory_order_acquire)};
    }
    void write_claim(const Claim& claim, std::uint64_t secret) {
        // Whoever sees any of this sees the phase before it.
        std::atomic_thread_fence(std::memory_order_release);
        job.store(claim.job, std::memory_order_relaxed);
        serial.store(claim.serial, std::memory_order_relaxed);
        begin.store(claim.begin, std::memory_order_relaxed);
        end.store(claim.end, std::memory_order_relaxed);
        shift.store(claim.shift, std::memory_order_relaxed);
        source.store(claim.source, std::memory_order_relaxed);
        thefts.store(claim.thefts, std::memory_order_relaxed);
        claim_check.store(claim.check(secret), std::memory_order_relaxed);
        frame_first.store(claim.first_item(), std::memory_order_relaxed);
        current.store(resting_at(claim.first_item()), std::memory_order_release);
    }
};

/// Written by the worker's crash handler; untouched memory until then.
struct alignas(os::page_size) LastWords {
    trace::CrashReport report;
};
static_assert(sizeof(LastWords) == os::page_size);

enum class ServerState : std::uint32_t { starting, ready, broken, ended };

/// Written by the fork server: one per pool.
struct alignas(cache_line) ServerPage {
    os::FutexWord state_word{0};  ///< a ServerState; the client waits on it
    std::atomic<int> error{0};    ///< errno behind `broken`, or behind a start that failed
    /// Behind a start that failed: what of the client's standing it could not take, in words.
    std::array<char, 32> other_standing{};
    std::atomic<pid_t> pid{0};               ///< its number for itself and the workers
    std::atomic<pid_t> spare{0};             ///< that of its spare; 0 while there is none
    Word next_look{0};                       ///< when it looks at the deadlines next, ns; 0: never
    std::atomic<std::uint32_t> watching{1};  ///< for stops of the client; 0: a poke is needed
    Word downs{0};                           ///< workers that left corrupt memory
    Word deaths{0};                          ///< workers that ended without being asked to
    Word retries{0};                         ///< items that were given another try
    Word timeouts{0};                        ///< tries that exceeded their time
    // The death of a worker in the initializer, which broke the pool.
    std::atomic<pid_t> initializer_pid{0};
    std::atomic<int> initializer_worker{0};
    std::atomic<int> initializer_signal{0};  ///< 0 if it exited
    std::atomic<int> initializer_status{0};

    [[nodiscard]] ServerState state() const {
        return static_cast<ServerState>(state_word.load(std::memory_order_seq_cst));
    }
};

/// Written by the fork server: one per worker.
struct alignas(cache_line) ServerLine {
    std::atomic<pid_t> pid{0};  ///< 0 while there is none
    Word incarnation{0};        ///< counts the processes that held this place
    // An item that is run again by the worker to come, and how often it was tried before.
    Word retried_serial{0};
    Word retried_item{0};
    Word tries{0};
    Word down{0};  ///< incarnation that died leaving corrupt memory: waits for the client
    // The item that is to end soon: the `serial` of its claim, `current` and `verdict`.
    Word asked_serial{0};
    Word asked_current{0};
    Word asked_verdict{0};
    os::FutexWord asks{0};  ///< counts these requests; the worker waits on it
    Word born_ns{0};        ///< when the process was forked, or the spare was sent here
    Word deaths{0};         ///< of workers here that ended without being asked to
    TotalWords carried;     ///< of the processes that held this place before
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
