#include "threads/arena.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

PROCPOOL_BEGIN_NAMESPACE
namespace threads {
namespace {

/// Lets oneTBB have as many threads as its arenas ask for: by itself it has one for each CPU, which
/// is too few for work that waits.
class Parallelism {
public:
    static Parallelism& of_process() {
        static auto* const all = new Parallelism;  // pools may outlive the end of main()
        return *all;
    }

    void add(std::size_t threads) {
        const std::scoped_lock lock(mutex_);
        set(threads_ + threads);
    }
    void remove(std::size_t threads) {
        const std::scoped_lock lock(mutex_);
        set(threads_ - threads);
    }

private:
    /// The least of all controls that live is in force: the old one goes.
    void set(std::size_t threads) {
        std::unique_ptr<tbb::global_control> fresh;
        if (threads != 0) {
            const auto usual = static_cast<std::size_t>(tbb::info::default_concurrency());
            fresh = std::make_unique<tbb::global_control>(
                tbb::global_control::max_allowed_parallelism, usual + threads);
        }
        control_ = std::move(fresh);
        threads_ = threads;
    }

    std::mutex mutex_;
    std::size_t threads_ = 0;
    std::unique_ptr<tbb::global_control> control_;
};

class Arena final : public detail::Executor {
public:
    explicit Arena(int threads) : threads_(static_cast<std::size_t>(threads)), arena_(threads, 0) {
        Parallelism::of_process().add(threads_);
    }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() override { Parallelism::of_process().remove(threads_); }

    /// A task that uses oneTBB itself is given none of the pool's work while it waits: it may hold
    /// a lock, or be what that waits for.
    void enqueue(std::function<void()> work) override {
        arena_.enqueue([work = std::move(work)] { tbb::this_task_arena::isolate(work); });
    }

private:
    const std::size_t threads_;
    tbb::task_arena arena_;
};

}  // namespace

std::unique_ptr<detail::Executor> make_arena(int threads) {
    return std::make_unique<Arena>(threads);
}

}  // namespace threads
PROCPOOL_END_NAMESPACE
