#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <procpool/thread_pool.hpp>

#include "threads/arena.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace threads {
namespace {

void refuse_if(bool is_set, const char* option) {
    if (is_set) {
        throw std::invalid_argument(std::string("procpool: a ThreadPool has no ") + option +
                                    ", which only a process can have: use a Pool");
    }
}

std::shared_ptr<detail::Engine> make_engine(const PoolOptions& options) {
    refuse_if(options.start != Start::automatic, "start");
    refuse_if(options.max_tasks_per_child != 0, "max_tasks_per_child");
    refuse_if(options.memory_limit != 0, "memory_limit");
    refuse_if(options.pin, "pin");
    const detail::EngineOptions engine = detail::engine_options(options);
    return std::make_shared<detail::Engine>(engine, make_arena(engine.processes));
}

}  // namespace
}  // namespace threads

ThreadPool::ThreadPool(int threads) : ThreadPool(PoolOptions{.processes = threads}) {}

ThreadPool::ThreadPool(const PoolOptions& options) : engine_(threads::make_engine(options)) {}

ThreadPool& ThreadPool::operator=(ThreadPool&& other) noexcept {
    ThreadPool(std::move(other)).engine_.swap(engine_);
    return *this;
}

ThreadPool::~ThreadPool() {
    try {
        if (engine_) {
            engine_->terminate();
            engine_->join();
        }
    } catch (...) {
        // In a forked child the pool is the parent's. In a task of its own, as when that calls
        // exit(), it is in use: it stays.
        static_cast<void>(new std::shared_ptr<detail::Engine>(std::move(engine_)));
    }
}

const std::shared_ptr<detail::Engine>& ThreadPool::shared_engine() const {
    if (!engine_) {
        throw std::logic_error("procpool: this ThreadPool was moved from");
    }
    return engine_;
}

PROCPOOL_END_NAMESPACE
