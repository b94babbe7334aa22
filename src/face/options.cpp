#include <algorithm>
#include <limits>
#include <stdexcept>

#include <procpool/cpu.hpp>
#include <procpool/options.hpp>

#include "failure/describe.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

namespace {

[[noreturn]] void refuse(const char* option, const std::string& value, const char* allowed) {
    throw std::invalid_argument("procpool: " + std::string(option) + " is " + value + ", not " +
                                allowed);
}

/// Refuses a negative number that was converted to a size.
void check_count(const char* option, std::size_t value, const char* allowed) {
    if (value > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max())) {
        refuse(option, std::to_string(static_cast<std::ptrdiff_t>(value)), allowed);
    }
}

}  // namespace

int checked_processes(int processes) {
    if (processes < 0 || processes > max_processes) {
        refuse("processes", std::to_string(processes),
               "1 to 1000, or 0 for the CPUs this process may use");
    }
    return processes == 0 ? std::min(usable_cpus(), max_processes) : processes;
}

void check_max_tasks_per_child(std::size_t tasks) {
    check_count("max_tasks_per_child", tasks, "a number of items, or 0 for no limit");
}

void check_memory_limit(std::size_t bytes) {
    check_count("memory_limit", bytes, "a number of bytes, or 0 for no limit");
}

void check_spin(std::chrono::nanoseconds spin) {
    if (spin < std::chrono::nanoseconds(0)) {
        refuse("spin", in_words(spin), "0 (a worker that rests sleeps at once) or longer");
    }
}

void check_start(Start start) {
    if (start < Start::automatic || start > Start::in_caller) {
        refuse("start", std::to_string(static_cast<int>(start)), "one of the values of Start");
    }
}

void check_options(std::size_t chunksize, std::chrono::nanoseconds timeout,
                   std::chrono::nanoseconds grace, int retries) {
    check_count("chunksize", chunksize, "a number of items, or 0 for adaptive chunks");
    if (timeout < std::chrono::nanoseconds(0)) {
        refuse("timeout", in_words(timeout), "0 (none) or longer");
    }
    check_grace(grace);
    if (retries < 0 || retries > max_retries) {
        refuse("retries", std::to_string(retries), "0 to 1000");
    }
}

void check_grace(std::chrono::nanoseconds grace) {
    if (grace < std::chrono::nanoseconds(0)) [[unlikely]] {
        refuse("grace", in_words(grace), "0 (killed at once) or longer");
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
