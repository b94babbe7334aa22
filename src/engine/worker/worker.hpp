#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <span>
#include <string>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"
#include "engine/shared/layout.hpp"
#include "engine/shared/ring_writer.hpp"
#include "os/clock.hpp"
#include "trace/backtrace.hpp"
#include "wait/beat.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A function of the client's in this process.
template <class Function>
Function* here(Function* function) {
    return std::bit_cast<Function*>(relocated(std::bit_cast<std::uintptr_t>(function)));
}

/// What a worker process does from its fork to its end: claims ranges of items, runs them,
/// publishes what they give. What every call takes is `hot`: it lies on few pages, for after a rest
/// each page touched costs as much as the work on it.
class WorkerLoop final : public RunHost {
public:
    /// In the fork server, before its first fork: what every worker inherits.
    static void prepare();
    /// Turns this freshly forked child of the fork server into worker `worker` and never returns.
    [[noreturn]] static void live(const Layout& layout, int worker, pid_t server) noexcept;

    // What Run calls.
    void begin_checked(std::uint64_t item) override;
    void end_checked() override;
    void emit(Run& run, std::span<const std::byte> bytes) override;
    void fail(Run& run, std::uint64_t item) override;
    void stop() override;

private:
    /// What a worker remembers of a job between two claims of it.
    struct JobMemory {
        std::uint64_t serial = 0;
        std::uint64_t chunk = 1;  // items to claim at a time, adapted
        Thunk thunk = nullptr;
        void* prepared = nullptr;
        void (*close)(void*) = nullptr;
        std::byte* writable = nullptr;  // in-place results that this worker may write at the moment
        std::size_t writable_size = 0;
    };

    WorkerLoop(const Layout& layout, int worker);

    // worker.cpp: life
    void initialize();
    [[gnu::hot]] [[noreturn]] void loop();
    void set_guard(bool guarded) const;
    static void end_if_its_thread_ends();

    // worker_claims.cpp: which items are next
    [[gnu::hot]] bool work_once();
    [[gnu::hot]] [[nodiscard]] std::size_t next_active(std::size_t from) const;
    [[gnu::hot]] bool claim(std::size_t job);
    [[gnu::hot]] std::uint64_t chunk_length(const JobPage& page, JobMemory& memory,
                                            std::uint64_t remaining) const;
    [[gnu::hot]] void note_taker(ClaimWord seen, std::uint64_t serial);
    [[gnu::hot]] [[nodiscard]] bool handed_out(std::size_t job) const;
    [[gnu::hot]] JobMemory& memory_of(std::size_t job, std::uint64_t serial);
    [[gnu::hot]] void forget(JobMemory& memory);
    [[gnu::hot]] void make_read_only(const JobMemory& memory);

    // worker_items.cpp: running them
    [[gnu::hot]] void run();
    [[noreturn]] void retire();
    [[gnu::hot]] Run make_run();
    [[gnu::hot]] void call_thunk(Run& run, JobMemory& memory);
    [[gnu::hot]] void make_ready(JobMemory& memory) const;
    [[nodiscard]] std::string thrown_stack() const noexcept;
    [[nodiscard]] bool met_memory_limit(const std::bad_alloc& exception) const;

    // worker_frames.cpp: what they give, on its way to the client
    [[gnu::hot]] void open_frame(Run& run);
    void open_sized_frame(std::uint64_t item, std::uint64_t entry);
    [[gnu::hot]] void close_frame(const Run& run);
    void publish_alone(FrameHeader header, std::span<const std::byte> bytes,
                       const PartHeader* part = nullptr);
    void emit_parts(std::uint64_t item, std::span<const std::byte> bytes);
    [[gnu::hot]] void published();

    // worker_rest.cpp: calling clients, and waiting for them
    [[gnu::hot]] void pay_bell();
    [[gnu::hot]] void ring(std::size_t job);
    void call_clients();
    [[gnu::hot]] void idle();
    [[gnu::hot]] void park();
    [[gnu::hot]] void park_until(std::uint64_t time) const;
    [[gnu::hot]] bool spins_for_call(std::uint64_t until, bool may_part);
    [[nodiscard]] bool called() const;
    [[gnu::hot]] void fetch_what_a_claim_needs() const;
    void part_from_caller();

    Layout layout_;
    int worker_;
    PoolPage& pool_;
    Slot& slot_;
    RingWriter ring_;

    // The claim under way.
    Claim claim_;
    Run run_;
    std::uint64_t run_serial_ = 0;  // of the job that `run_` is made for
    JobPage* page_ = nullptr;
    std::uint64_t end_ = 0;  // item behind the last that is to run
    std::uint64_t timed_item_ = 0;
    std::uint64_t frame_first_ = 0;
    std::uint64_t frame_used_ = 0;      // bytes of variable-sized results in the open frame
    std::uint64_t frame_capacity_ = 0;  // bytes reserved for them
    trace::Backtrace thrown_at_;        // where the exception in flight was thrown, if known

    const std::atomic<std::uint64_t>* genuine_;
    std::size_t cursor_ = 0;  // the job page looked at first
    std::size_t
        sole_job_;  // the only active job when the doorbell stood at `scanned_doorbell_`; or jobs()
    std::uint32_t scanned_doorbell_ = 0;
    std::size_t owed_job_;  // published to since its bell was rung; or jobs()
    std::uint32_t seen_doorbell_ = 0;
    std::uint64_t tasks_left_;  // items until this worker is to be replaced
    bool preparing_ = false;    // a job that cannot be
    bool woke_client_ = false;
    bool just_woken_ = false;           // from parking, by a client that may be on this CPU
    bool answered_after_rest_ = false;  // since it was woken, and has not looked for company since
    int calls_on_shared_cpu_ = 0;
    bool worked_ = false;                      // since the last look for work that found none
    std::uint64_t rest_began_ = os::now_ns();  // when work ended last
    std::uint64_t rest_ = 0;  // the last one, ended by a call that `beat_` is to know of; or 0
    wait::Beat beat_;
    std::uint64_t last_clock_ = 0;
    std::uint64_t rung_at_ = 0;  // backlog at the last ring for a filling ring
    std::array<JobMemory, 16> memory_{};
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
