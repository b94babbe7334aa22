#include "in_order.hpp"

#include <cstring>
#include <exception>

#include <fmt/format.h>

#include <procpool/errors.hpp>

#include "exit.hpp"

namespace tool {

void stop_for(const std::string& task) {
    try {
        throw;
    } catch (const procpool::PoolBroken&) {
        throw Stopped(
            system_limit,
            fmt::format("the worker processes are gone, and {} with them: the process that "
                        "starts them was killed, or can start no more: run it again",
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
    throw Stopped(failed,
                  fmt::format("{} lost its worker {} times, at last {}: that is no accident, so "
                              "it was given up",
                              task, deaths, how));
}

}  // namespace tool
