#include "crew.hpp"

#include <cstring>
#include <exception>
#include <new>
#include <system_error>

#include <sys/resource.h>

#include <fmt/format.h>

#include <procpool/cpu.hpp>
#include <procpool/errors.hpp>

#include "text.hpp"

namespace tool {

namespace {

procpool::Pool make_pool(int processes) {
    const std::string all = counted(
        static_cast<std::uint64_t>(processes > 0 ? processes : procpool::usable_cpus()), "process");
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

Crew::Crew(int processes) : pool_(make_pool(processes)) { look_around(); }

void Crew::look_around() {
    const std::vector<pid_t> workers = pool_.worker_pids();
    const std::set<pid_t> now(workers.begin(), workers.end());
    for (const pid_t pid : seen_) {
        if (!now.contains(pid)) {
            dead_.insert(pid);
        }
    }
    seen_.insert(now.begin(), now.end());
}

std::size_t Crew::deaths() {
    look_around();
    return dead_.size();
}

void stop_for(const std::string& task) {
    try {
        throw;
    } catch (const procpool::PoolBroken&) {
        throw Stopped(system_limit, fmt::format("the worker processes are gone, and {} with them: "
                                                "somebody ended the process that starts them, or "
                                                "it can start no more: run it again",
                                                task));
    } catch (const procpool::TaskTimeout&) {
        throw Stopped(failed, fmt::format("{} took longer than --timeout: allow more", task));
    } catch (const procpool::TaskFailure& failure) {
        const auto* const what = dynamic_cast<const std::exception*>(&failure);
        throw Stopped(failed,
                      fmt::format("{} failed: {}", task,
                                  what != nullptr ? what->what() : failure.message().c_str()));
    }
}

void stop_for_deaths(const std::string& task, int deaths, const procpool::WorkerDied& last) {
    const std::string how =
        last.signal() != 0
            ? fmt::format("to signal {} ({})", last.signal(), ::strsignal(last.signal()))
            : fmt::format("which ended with status {}", last.exit_status());
    throw Stopped(failed, fmt::format("{} lost its worker {} times, at last {}: it is not by "
                                      "chance, so it was given up",
                                      task, deaths, how));
}

// The region that the processes share is a file in memory, so the size of files bounds it.
std::optional<std::string> limit_of_shared_memory() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::nullopt;
    }
    return fmt::format(
        "files may have {} at most, too little for the memory that the processes share: raise it "
        "(ulimit -f)",
        counted(limit.rlim_cur, "byte"));
}

}  // namespace tool
