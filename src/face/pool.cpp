#include <stdexcept>
#include <utility>

#include <procpool/pool.hpp>

PROCPOOL_BEGIN_NAMESPACE

detail::EngineOptions detail::engine_options(const PoolOptions& options) {
    check_max_tasks_per_child(options.max_tasks_per_child);
    check_memory_limit(options.memory_limit);
    check_start(options.start);
    if (options.spin) {
        check_spin(*options.spin);
    }
    EngineOptions engine;
    engine.processes = checked_processes(options.processes);
    engine.start = options.start;
    engine.initialize = options.initializer.run();
    engine.initializer = options.initializer.closure();
    engine.initializer_code = options.initializer.code();
    engine.finalize = options.finalizer.run();
    engine.finalizer = options.finalizer.closure();
    engine.finalizer_code = options.finalizer.code();
    engine.max_tasks_per_child = options.max_tasks_per_child;
    engine.memory_limit = options.memory_limit;
    engine.pin = options.pin;
    engine.spin = options.spin;
    return engine;
}

Pool::Pool(int processes) : Pool(PoolOptions{.processes = processes}) {}

Pool::Pool(const PoolOptions& options)
    : engine_(std::make_shared<detail::Engine>(detail::engine_options(options))) {}

Pool& Pool::operator=(Pool&& other) noexcept {
    Pool(std::move(other)).engine_.swap(engine_);
    return *this;
}

Pool::~Pool() {
    try {
        if (engine_) {
            engine_->terminate();
        }
    } catch (...) {
        // In a forked child the pool is the parent's.
    }
}

std::vector<pid_t> Pool::worker_pids() const { return shared_engine()->worker_pids(); }

const std::shared_ptr<detail::Engine>& Pool::shared_engine() const {
    if (!engine_) {
        throw std::logic_error(
            "procpool: this Pool was moved from, or this is a worker of its own, forked while it "
            "was made: a task makes a pool of its own");
    }
    return engine_;
}

PROCPOOL_END_NAMESPACE
