#include <stdexcept>
#include <string>

#include <procpool/detail/engine.hpp>

#include "engine/client.hpp"

namespace procpool::detail {
namespace {

/// A pool belongs to the process that made it.
Client& mine(const std::unique_ptr<Client>& client) {
    if (!client->belongs_to_this_process()) {
        throw std::logic_error(
            "procpool: this pool belongs to the parent process: a forked child makes its own");
    }
    return *client;
}

}  // namespace

Engine::Engine(const EngineOptions& options) {
    if (options.processes < 1 || options.processes > engine::max_workers) {
        throw std::invalid_argument("procpool: a pool has between 1 and " +
                                    std::to_string(engine::max_workers) + " processes, not " +
                                    std::to_string(options.processes));
    }
    client_ = std::make_unique<Client>(options);
}

Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

JobHandle Engine::start(JobSpec spec) { return mine(client_).start(std::move(spec)); }
bool Engine::wait(const JobHandle& job, Clock::time_point deadline) {
    return mine(client_).wait(job, ~std::uint64_t{0}, deadline);
}
bool Engine::wait_more(const JobHandle& job, std::uint64_t seen, Clock::time_point deadline) {
    return mine(client_).wait(job, seen, deadline);
}
std::uint64_t Engine::arrivals(const JobHandle& job) { return mine(client_).arrivals(job); }
bool Engine::resolved(const JobHandle& job) { return mine(client_).resolved(job); }
bool Engine::feed(const JobHandle& job, std::span<const std::byte> item) {
    return mine(client_).feed(job, item);
}
void Engine::end_feed(const JobHandle& job) { mine(client_).end_feed(job); }
void Engine::cancel(const JobHandle& job) { mine(client_).cancel(job); }
void Engine::abandon(const JobHandle& job) { mine(client_).abandon(job); }
void Engine::close() { mine(client_).close(); }
void Engine::join() { mine(client_).join(); }
void Engine::terminate() {
    if (client_->belongs_to_this_process()) {
        client_->terminate();
    }
}
int Engine::processes() const { return client_->processes(); }
std::vector<pid_t> Engine::worker_pids() const { return mine(client_).worker_pids(); }

}  // namespace procpool::detail
