#include <stdexcept>
#include <string>

#include <procpool/detail/engine.hpp>
#include <procpool/stats.hpp>

#include "engine/client/client.hpp"
#include "engine/client/in_process.hpp"
#include "engine/shared/interface.hpp"
#include "os/cancellation.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

using namespace engine;

/// A call of the engine: no thread is cancelled in the middle of one.
class Called {
public:
    /// A pool belongs to the process that made it.
    explicit Called(Backend& backend) : backend_(backend) {
        if (!backend.belongs_to_this_process()) {
            throw std::logic_error(
                "procpool: this pool belongs to the parent process: a forked child makes its own");
        }
    }
    Backend* operator->() const { return &backend_; }

private:
    os::CancellationBlock whole_;
    Backend& backend_;
};

void check_workers(const EngineOptions& options) {
    if (options.processes < 1 || options.processes > max_workers) {
        throw std::invalid_argument("procpool: a pool has between 1 and " +
                                    std::to_string(max_workers) + " processes, not " +
                                    std::to_string(options.processes));
    }
}

Called mine(const std::unique_ptr<Backend>& backend) { return Called(*backend); }

}  // namespace

Engine::Engine(const EngineOptions& options) {
    const os::CancellationBlock whole;
    check_workers(options);
    if (options.start == Start::in_caller) {
        backend_ = std::make_unique<InProcess>(options);
    } else {
        backend_ = std::make_unique<Client>(options);
    }
}

Engine::Engine(const EngineOptions& options, std::unique_ptr<Executor> executor) {
    const os::CancellationBlock whole;
    check_workers(options);
    backend_ = std::make_unique<InProcess>(options, std::move(executor));
}

Engine::~Engine() {
    const os::CancellationBlock whole;
    backend_.reset();
}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

JobHandle Engine::start(JobSpec&& spec) { return mine(backend_)->start(std::move(spec)); }
std::vector<JobHandle> Engine::start_in_each(JobSpec& spec,
                                             std::span<const std::shared_ptr<Sink>> sinks) {
    return mine(backend_)->start_in_each(spec, sinks);
}
bool Engine::wait(const JobHandle& job, Clock::time_point deadline) {
    return mine(backend_)->wait(job, ~std::uint64_t{0}, deadline);
}
bool Engine::wait_more(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) {
    return mine(backend_)->wait(job, seen, deadline);
}
std::uint64_t Engine::arrivals(const JobHandle& job) { return mine(backend_)->arrivals(job); }
bool Engine::resolved(const JobHandle& job) { return mine(backend_)->resolved(job); }
std::optional<std::size_t> Engine::feed(const JobHandle& job, std::span<const ItemEntry> items) {
    return mine(backend_)->feed(job, items);
}
void Engine::end_feed(const JobHandle& job) { mine(backend_)->end_feed(job); }
std::optional<std::size_t> Engine::listen(const JobHandle& job) {
    return mine(backend_)->listen(job);
}
void Engine::unlisten(std::size_t listening) noexcept {
    if (backend_->belongs_to_this_process()) {
        backend_->unlisten(listening);
    }
}
void Engine::cancel(const JobHandle& job, std::chrono::nanoseconds grace) {
    mine(backend_)->cancel(job, grace);
}
void Engine::abandon(const JobHandle& job) { mine(backend_)->abandon(job); }
void Engine::forget(const JobHandle& job) noexcept {
    const os::CancellationBlock whole;
    if (backend_->belongs_to_this_process()) {
        backend_->forget(job);
    }
}
void Engine::close() { mine(backend_)->close(); }
void Engine::join() { mine(backend_)->join(); }
void Engine::terminate() { mine(backend_)->terminate(); }
int Engine::processes() const { return mine(backend_)->processes(); }
std::vector<pid_t> Engine::worker_pids() const { return mine(backend_)->worker_pids(); }
PoolStats Engine::stats(bool with_memory) const { return mine(backend_)->stats(with_memory); }

}  // namespace detail
PROCPOOL_END_NAMESPACE
