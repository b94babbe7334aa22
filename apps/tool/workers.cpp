#include "workers.hpp"

#include <new>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <procpool/cpu.hpp>
#include <procpool/errors.hpp>

#include "exit.hpp"
#include "limits.hpp"
#include "text.hpp"

namespace tool {

namespace {

procpool::Pool make_pool(int processes) {
    const std::string all = counted(processes > 0 ? processes : procpool::usable_cpus(), "process");
    try {
        return procpool::Pool(processes);
    } catch (const std::system_error& error) {
        throw SystemLimit(
            fmt::format("cannot start {}: {}: ask for fewer with --processes, or "
                        "raise the limits (ulimit -u, ulimit -n)",
                        all, error.code().message()));
    } catch (const procpool::PoolBroken&) {
        throw SystemLimit(fmt::format("cannot keep {}: ask for fewer with --processes", all));
    } catch (const std::bad_alloc&) {
        throw SystemLimit(limit_of_shared_memory().value_or(
            "out of memory: ask for fewer processes with --processes, or see `ulimit -v`"));
    }
}

}  // namespace

Workers::Workers(int processes) : pool_(make_pool(processes)) { look_around(); }

void Workers::look_around() {
    const std::vector<pid_t> workers = pool_.worker_pids();
    const std::set<pid_t> now(workers.begin(), workers.end());
    for (const pid_t pid : seen_) {
        if (!now.contains(pid)) {
            dead_.insert(pid);
        }
    }
    seen_.insert(now.begin(), now.end());
}

std::size_t Workers::deaths() {
    look_around();
    return dead_.size();
}

}  // namespace tool
