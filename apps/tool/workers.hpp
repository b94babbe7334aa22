#pragma once

#include <cstddef>
#include <set>

#include <sys/types.h>

#include <procpool/pool.hpp>

namespace tool {

/// A pool of processes, and how many of its workers have died. For one thread.
class Workers {
public:
    /// 0: one for each CPU that this process may use. Throws SystemLimit when the processes cannot
    /// be started.
    explicit Workers(int processes);

    [[nodiscard]] procpool::Pool& pool() { return pool_; }
    [[nodiscard]] int processes() const { return pool_.processes(); }

    /// Counts the workers that are missing since the last call.
    void look_around();
    /// Counts this worker, which died with a task. Nobody is counted twice.
    void count_death(pid_t worker) { dead_.insert(worker); }
    /// The workers that died: those that died with a task, and those found missing. One that died
    /// before it was ever seen, and without a task, is not among them.
    [[nodiscard]] std::size_t deaths();

private:
    procpool::Pool pool_;
    std::set<pid_t> seen_;  // all workers there ever were
    std::set<pid_t> dead_;
};

}  // namespace tool
