#include "failure/describe.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <iterator>
#include <string>
#include <utility>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// What is said about a signal that killed a worker.
struct SignalWords {
    int number = 0;
    const char* name = nullptr;
    const char* meaning = nullptr;
    const char* cure = nullptr;
    bool may_pass = false;  ///< another try may do
};

constexpr const char* debug_it = "call the function on that item alone, under a debugger";
constexpr const char* find_sender = "find out who sent it";
constexpr const char* try_again = "set retries to have such an item tried again";

constexpr SignalWords signal_words[] = {
    {SIGSEGV, "SIGSEGV", "segmentation fault", debug_it},
    {SIGBUS, "SIGBUS", "bus error", debug_it},
    {SIGILL, "SIGILL", "illegal instruction", debug_it},
    {SIGFPE, "SIGFPE", "arithmetic error, for example an integer division by zero", debug_it},
    {SIGTRAP, "SIGTRAP", "trap", debug_it},
    {SIGABRT, "SIGABRT", "abort: std::terminate, a failed assertion or a corrupted heap",
     "see what it wrote to stderr, or call the function on that item alone, under a debugger"},
    {SIGKILL, "SIGKILL", "killed, perhaps by the kernel's out-of-memory killer",
     "see dmesg; use fewer processes if memory is short", true},
    {SIGSYS, "SIGSYS", "forbidden system call", "see which seccomp filter is in force"},
    {SIGXCPU, "SIGXCPU", "CPU time limit", "see ulimit -t"},
    {SIGXFSZ, "SIGXFSZ", "file size limit", "see ulimit -f"},
    {SIGTERM, "SIGTERM", "terminated", find_sender, true},
    {SIGINT, "SIGINT", "interrupted", find_sender, true},
    {SIGQUIT, "SIGQUIT", "quit", find_sender, true},
    {SIGHUP, "SIGHUP", "hangup", find_sender, true},
    {SIGPIPE, "SIGPIPE", "broken pipe", "ignore SIGPIPE in the task"},
    {SIGALRM, "SIGALRM", "alarm clock", "do not use alarm() in a task"},
    {SIGUSR1, "SIGUSR1", "user signal 1", find_sender, true},
    {SIGUSR2, "SIGUSR2", "user signal 2", find_sender, true},
};

const SignalWords* words_for(int signal) {
    const auto* words = std::ranges::find(signal_words, signal, &SignalWords::number);
    return words == std::end(signal_words) ? nullptr : words;
}

/// "SIGSEGV (segmentation fault)"
std::string signal_in_words(int signal) {
    const SignalWords* words = words_for(signal);
    return words == nullptr ? "signal " + std::to_string(signal)
                            : std::string(words->name) + " (" + words->meaning + ")";
}

/// What to do when an item's worker died of it in the last of so many tries.
std::string cure_of(int signal, int tries) {
    const SignalWords* words = words_for(signal);
    std::string cure = words == nullptr ? find_sender : words->cure;
    if ((words == nullptr || words->may_pass) && tries <= 1) {
        cure += std::string("; ") + try_again;
    }
    return cure;
}

/// "1.5 GiB"
std::string bytes_in_words(std::uint64_t bytes) {
    const auto [scale, unit] =
        bytes >= std::uint64_t{1} << 30U ? std::pair{30, " GiB"} : std::pair{20, " MiB"};
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.begin(), text.end(), std::ldexp(bytes, -scale),
                                   std::chars_format::general, 3);
    return std::string(text.data(), end.ptr) + unit;
}

/// The innermost frame of a trace.
std::string first_line(const std::string& trace) { return trace.substr(0, trace.find('\n')); }

}  // namespace

std::string in_words(std::chrono::nanoseconds time) {
    const auto count = static_cast<double>(time.count());
    const double size = std::abs(count);
    const auto [scale, unit] = size >= 1e9   ? std::pair{1e9, " s"}
                               : size >= 1e6 ? std::pair{1e6, " ms"}
                               : size >= 1e3 ? std::pair{1e3, " us"}
                                             : std::pair{1.0, " ns"};
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.begin(), text.end(), count / scale, std::chars_format::general, 6);
    return std::string(text.data(), end.ptr) + unit;
}

trace::Trace trace_of(const Failure& failure) {
    if (failure.stack.empty()) {
        return {first_line(failure.trace), failure.trace};
    }
    return trace::symbolise(failure.stack);
}

std::string describe(const Failure& failure) {
    return describe_at(failure, first_line(failure.trace));
}

std::string describe_at(const Failure& failure, const std::string& place) {
    const std::string item = "item " + std::to_string(failure.index);
    const std::string worker =
        failure.worker_pid == 0 ? "its worker" : "worker " + std::to_string(failure.worker_pid);
    const std::string who = item + ": " + worker;
    const std::string where = place.empty() ? "" : " in " + place;
    const std::string more = failure.message.empty() ? "" : " (" + failure.message + ")";

    const std::string last =
        failure.tries <= 1 ? "" : ", in the last of " + std::to_string(failure.tries) + " tries";

    switch (failure.kind) {
        case Failure::Kind::thrown: {
            const std::string where_it_threw =
                failure.worker_pid == 0 ? item + ": reading its result" : who;
            std::string text = where_it_threw + " threw " + failure.type_name + where;
            if (!failure.message.empty()) {
                text += ": " + failure.message;
            }
            if (failure.standard == StandardType::none) {
                text += "; throw a class derived from a standard exception: it arrives as that one";
            }
            return text;
        }
        case Failure::Kind::died:
            if (failure.memory != 0) {
                return who + " was ended by the kernel's out-of-memory killer" + where + last +
                       ": it held " + bytes_in_words(failure.memory) + ", and all may hold " +
                       bytes_in_words(failure.memory_bound) + more +
                       "; use fewer processes, or set memory_limit, so that the task gets a "
                       "std::bad_alloc";
            }
            if (failure.signal != 0) {
                return who + " died of " + signal_in_words(failure.signal) + where + last + more +
                       "; " + cure_of(failure.signal, failure.tries);
            }
            return who + " exited with status " + std::to_string(failure.exit_status) + where +
                   " before the item was done" + last +
                   "; a task must return or throw, never exit" + more;
        case Failure::Kind::timed_out:
            return who + " was killed" + where + ": it exceeded the timeout of " +
                   in_words(failure.timeout) + last +
                   "; raise the timeout, or look for an endless loop or a lock never released" +
                   more;
        case Failure::Kind::cancelled:
            return item + " was cancelled before it was done" + more +
                   "; cancel(), a stop token, fail_fast or a finished search did it: run it again "
                   "if it is needed";
        case Failure::Kind::terminated:
            return item + " was not done when the pool was terminated" + more +
                   "; close() and join() wait for what is pending";
        case Failure::Kind::broken:
            return item + " was not done when the pool broke" +
                   (failure.message.empty() ? "" : ": " + failure.message) + "; make a new pool";
        case Failure::Kind::initializer: {
            std::string text = "procpool: the initializer failed in " + worker + ": ";
            if (!failure.type_name.empty()) {
                text += "it threw " + failure.type_name + where +
                        (failure.message.empty() ? "" : ": " + failure.message);
            } else if (failure.signal != 0) {
                text += "it died of " + signal_in_words(failure.signal) + where + more;
            } else {
                text += "it exited with status " + std::to_string(failure.exit_status);
            }
            return text + "; that broke the pool: mend the initializer and make a new one";
        }
    }
    return item + " failed" + more;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
