#include "os/orderly_exit.hpp"

#include <csignal>
#include <cstdlib>
#include <ctime>

#include <cxxabi.h>

#include <procpool/detail/coverage.hpp>

#include "os/output.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

bool ends_in_order = false;

/// Stands for the first thread_local object of this process, so it is destroyed last: behind it
/// come those of the process that this one was forked from, and then atexit handlers.
void leave(void* /*unused*/) {
    if (ends_in_order) {
        flush_every_file();
        detail::Coverage::write_all();
        end_process(0);
    }
}

}  // namespace

void begin_own_thread_locals() noexcept {
    abi::__cxa_thread_atexit(leave, nullptr, &ends_in_order);
}

bool end_process_after(std::uint64_t time_ns) noexcept {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) {
        return false;
    }
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(time_ns / 1'000'000'000U);
    when.it_value.tv_nsec = static_cast<long>(time_ns % 1'000'000'000U);
    return ::timer_settime(timer, 0, &when, nullptr) == 0;
}

void end_process_in_order() noexcept {
    ends_in_order = true;
    std::exit(0);  // destroys the thread's objects first, and gets no further than leave()
}

}  // namespace os
PROCPOOL_END_NAMESPACE
