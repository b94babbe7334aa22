#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <sys/types.h>

#include <procpool/detail/namespace.hpp>

#include "engine/client/backend.hpp"
#include "engine/client/job.hpp"
#include "engine/shared/interface.hpp"
#include "engine/shared/layout.hpp"
#include "memory/region.hpp"
#include "os/fd.hpp"
#include "ship/modules.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The client's half of a pool. Everything but the constant members is guarded by `mutex_`, which
/// no other process knows. As in WorkerLoop, what every call takes is `hot`.
class Client final : public Backend {
public:
    explicit Client(const EngineOptions& options);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() override;

    [[gnu::hot]] JobHandle start(JobSpec&& spec) override;
    [[gnu::hot]] bool wait(const JobHandle& job, std::uint64_t seen,
                           Clock::time_point deadline) override;
    std::uint64_t arrivals(const JobHandle& job) override;
    bool resolved(const JobHandle& job) override;
    bool feed(const JobHandle& job, std::span<const std::byte> item) override;
    void end_feed(const JobHandle& job) override;
    void cancel(const JobHandle& job) override;
    void abandon(const JobHandle& job) override;
    void close() override;
    void join() override;
    void terminate() override;
    [[nodiscard]] int processes() const override { return layout_.workers(); }
    [[nodiscard]] std::vector<pid_t> worker_pids() const override;
    [[gnu::hot]] [[nodiscard]] bool belongs_to_this_process() const override;

private:
    using Lock = std::unique_lock<std::mutex>;
    enum class State { open, closed, terminated, broken, ended };

    struct Reader {
        std::uint64_t head = 0;
        std::uint64_t alarm = 0;
        std::uint64_t corrupt = 0;  // incarnation whose ring is not read any more
    };

    // client.cpp: life
    void set_up(const EngineOptions& options);
    void start_server(const EngineOptions& options);
    void fork_server(os::Fd commands, Start start);
    void check_watch(int error) const;
    void await_server();
    void end_workers();
    void end_jobs();
    void forget_server();
    [[nodiscard]] bool is_unused() const;
    [[gnu::hot]] void check_open() const;
    void notice_server_death();
    [[nodiscard]] Failure why_broken(bool told) const;

    // jobs.cpp: what is put up for the workers
    [[gnu::hot]] void check_modules(const JobSpec& spec);
    void check_code(std::span<const void* const> functions, const CodeWords& words,
                    const std::vector<ship::Module>& theirs);
    [[gnu::hot]] std::size_t free_page(Lock& lock);
    [[gnu::hot]] void post(const JobHandle& job, std::size_t index, std::uint64_t limit);
    [[gnu::hot]] void activate(std::size_t index, bool active);
    void update_shortest_timeout();
    [[gnu::hot]] void retire(Job& job);
    void ring(std::size_t index);
    void close_posting(Job& job, Job::Posting& posting, const Failure& why);
    [[gnu::hot]] [[nodiscard]] bool closed_by_worker(const Job& job) const;
    void close_job(Job& job, bool claimed_too);
    void drop(Job& job, std::uint64_t first, std::uint64_t last, const Failure& why);
    void drop_everything(const Failure& why);

    // waiting.cpp: calling workers, and waiting for them
    [[gnu::hot]] bool call_workers(std::uint64_t items, bool waited);
    [[gnu::hot]] bool watch(os::FutexWord& bell, std::uint32_t heard, bool had_spinner,
                            std::uint64_t& until) const;
    void call_server();
    [[nodiscard]] static bool is_certain(const Job& job);
    void escalate(Job& job);

    // drain.cpp: what the workers sent
    [[gnu::hot]] void drain();
    [[gnu::hot]] void drain_ring(int worker);
    void condemn(int worker);
    [[gnu::hot]] bool take(const FrameHeader& header, std::span<const std::byte> payload);
    [[gnu::hot]] void settle(Job& job);

    // reconcile.cpp: after a task wrote where it should not
    void reconcile();
    std::vector<Claim> await_claims();
    void give_up(Job& job, const char* why);
    void repost_missing(const JobHandle& job, const std::vector<Claim>& held);

    memory::Region& region_;
    const std::uint64_t owner_;
    Layout layout_;
    Block initializer_;
    os::Fd commands_;
    os::Fd server_;  // pidfd
    pid_t server_pid_ = 0;
    bool server_is_child_ = false;
    const ship::AddressRange program_ = ship::program();
    std::shared_ptr<const std::vector<ship::Module>>
        modules_;             // of this process, those that the workers have
    bool relocates_ = false;  // the workers have them at other addresses
    /// When all of this process were last seen to be among them.
    std::atomic<std::uint64_t> modules_version_{0};
    std::uint64_t client_spin_ns_ = 0;

    mutable std::mutex mutex_;
    State state_ = State::open;
    Failure broken_as_;  // once it is: why
    std::optional<Failure> initializer_failure_;
    std::uint64_t last_serial_ = 0;
    std::vector<JobHandle> jobs_;      // by job page; empty: free
    std::vector<std::uint64_t> used_;  // a bit per job page
    std::size_t unresolved_ = 0;
    std::vector<Reader> readers_;
    std::uint64_t looked_at_server_ns_ = 0;
    std::uint64_t downs_seen_ = 0;
    bool reconcile_needed_ = false;
    bool reconciling_ = false;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
