#include <algorithm>
#include <any>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <variant>

#include <cxxabi.h>

#include <procpool/detail/codec/class.hpp>
#include <procpool/detail/failure.hpp>

#include "ship/stack.hpp"
#include "ship/symbols.hpp"

namespace procpool {

namespace detail {

namespace {
std::string describe_at(const Failure& failure, const std::string& place);
std::string first_line(const std::string& trace);
}  // namespace

/// What is said of a failure. The names in a stack are looked up when somebody asks: that may take
/// milliseconds, and most failures are counted, not read.
class Report {
public:
    explicit Report(const Failure& failure) : failure_(failure) {
        if (failure.stack.empty()) {
            std::call_once(written_, [this] { message_ = describe(failure_); });
        }
    }

    [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
    [[nodiscard]] const std::string& message() const noexcept {
        write();
        return message_;
    }
    [[nodiscard]] const std::string& trace() const noexcept {
        write();
        return failure_.stack.empty() ? failure_.trace : trace_;
    }

private:
    void write() const noexcept {
        std::call_once(written_, [this]() noexcept {
            try {
                ship::Trace trace = ship::symbolise(failure_.stack);
                message_ = describe_at(failure_, trace.place);
                trace_ = std::move(trace.text);
            } catch (const std::bad_alloc&) {
                message_.assign("no memory");  // short enough to need none
            }
        });
    }

    Failure failure_;
    mutable std::once_flag written_;
    mutable std::string message_;
    mutable std::string trace_;
};

}  // namespace detail

TaskFailure::TaskFailure(const detail::Failure& failure)
    : report_(std::make_shared<const detail::Report>(failure)) {}

TaskFailure::~TaskFailure() = default;

std::uint64_t TaskFailure::index() const noexcept { return report_->failure().index; }
pid_t TaskFailure::worker_pid() const noexcept { return report_->failure().worker_pid; }
const std::string& TaskFailure::type_name() const noexcept { return failure().type_name; }
const std::string& TaskFailure::message() const noexcept { return report_->message(); }
const std::string& TaskFailure::trace() const noexcept { return report_->trace(); }
const detail::Failure& TaskFailure::failure() const noexcept { return report_->failure(); }

RemoteError::RemoteError(const detail::Failure& failure)
    : std::runtime_error(detail::describe(failure)), TaskFailure(failure) {}
const char* RemoteError::what() const noexcept { return message().c_str(); }

WorkerDied::WorkerDied(const detail::Failure& failure)
    : std::runtime_error(detail::describe(failure)), TaskFailure(failure) {}
const char* WorkerDied::what() const noexcept { return message().c_str(); }

int WorkerDied::signal() const noexcept { return failure().signal; }
int WorkerDied::exit_status() const noexcept { return failure().exit_status; }

TaskTimeout::TaskTimeout(const detail::Failure& failure)
    : std::runtime_error(detail::describe(failure)), TaskFailure(failure) {}
const char* TaskTimeout::what() const noexcept { return message().c_str(); }

TaskCancelled::TaskCancelled(const detail::Failure& failure)
    : std::runtime_error(detail::describe(failure)), TaskFailure(failure) {}
const char* TaskCancelled::what() const noexcept { return message().c_str(); }

namespace detail {
namespace {

// ---- The types that arrive as themselves
// ---------------------------------------------------------

template <StandardType Tag, class T>
struct Entry {
    static constexpr StandardType tag = Tag;
    using type = T;
};

template <class... Entries>
struct Table {};

// Derived types before their bases: the first that an exception can be cast to is its nearest.
using Types = Table<
    Entry<StandardType::timeout_error, TimeoutError>, Entry<StandardType::pool_closed, PoolClosed>,
    Entry<StandardType::pool_terminated, PoolTerminated>,
    Entry<StandardType::pool_broken, PoolBroken>,
    Entry<StandardType::initializer_failed, InitializerFailed>,
    Entry<StandardType::not_shippable, NotShippable>,
    Entry<StandardType::decode_error, DecodeError>,
    Entry<StandardType::ios_failure, std::ios_base::failure>,
    Entry<StandardType::filesystem_error, std::filesystem::filesystem_error>,
    Entry<StandardType::system_error, std::system_error>,
    Entry<StandardType::regex_error, std::regex_error>,
    Entry<StandardType::range_error, std::range_error>,
    Entry<StandardType::overflow_error, std::overflow_error>,
    Entry<StandardType::underflow_error, std::underflow_error>,
    Entry<StandardType::runtime_error, std::runtime_error>,
    Entry<StandardType::invalid_argument, std::invalid_argument>,
    Entry<StandardType::domain_error, std::domain_error>,
    Entry<StandardType::length_error, std::length_error>,
    Entry<StandardType::out_of_range, std::out_of_range>,
    Entry<StandardType::future_error, std::future_error>,
    Entry<StandardType::logic_error, std::logic_error>,
    Entry<StandardType::bad_array_new_length, std::bad_array_new_length>,
    Entry<StandardType::bad_alloc, std::bad_alloc>,
    Entry<StandardType::bad_any_cast, std::bad_any_cast>,
    Entry<StandardType::bad_cast, std::bad_cast>, Entry<StandardType::bad_typeid, std::bad_typeid>,
    Entry<StandardType::bad_function_call, std::bad_function_call>,
    Entry<StandardType::bad_weak_ptr, std::bad_weak_ptr>,
    Entry<StandardType::bad_optional_access, std::bad_optional_access>,
    Entry<StandardType::bad_variant_access, std::bad_variant_access>,
    Entry<StandardType::bad_exception, std::bad_exception>,
    Entry<StandardType::exception, std::exception>>;

template <class...>
inline constexpr bool derived_first = true;
template <class First, class... Rest>
inline constexpr bool derived_first<First, Rest...> =
    (!std::is_base_of_v<typename First::type, typename Rest::type> && ...) &&
    derived_first<Rest...>;

template <class... Entries>
constexpr bool well_formed(Table<Entries...>) {
    return derived_first<Entries...> &&
           sizeof...(Entries) == static_cast<std::size_t>(last_standard_type);
}
static_assert(well_formed(Types{}), "every StandardType but none, derived types before bases");

template <class... Entries>
StandardType nearest_standard_type(const std::exception* exception, Table<Entries...>) {
    auto nearest = StandardType::none;
    static_cast<void>(((dynamic_cast<const typename Entries::type*>(exception) != nullptr &&
                        (nearest = Entries::tag, true)) ||
                       ...));
    return nearest;
}

// ---- Error codes
// ---------------------------------------------------------------------------------

std::error_code code_of(const Failure& failure) {
    return {failure.code, category_named(failure.category)};
}

/// What was given to the constructor of a system_error, which appends the text of its code.
std::string text_before_code(const Failure& failure) {
    constexpr std::string_view prefix = "filesystem error: ";
    std::string text = failure.message;
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
    if (const auto at = text.rfind(": " + code_of(failure).message()); at != std::string::npos) {
        text.resize(at);
    }
    return text;
}

template <class T>
T rebuild(const Failure& failure) {
    if constexpr (std::is_same_v<T, std::filesystem::filesystem_error>) {
        return T(text_before_code(failure), failure.path1, failure.path2, code_of(failure));
    } else if constexpr (std::is_same_v<T, std::system_error>) {
        return T(code_of(failure), text_before_code(failure));
    } else if constexpr (std::is_same_v<T, std::ios_base::failure>) {
        return T(text_before_code(failure), code_of(failure));
    } else if constexpr (std::is_same_v<T, std::future_error>) {
        return T(static_cast<std::future_errc>(failure.code));
    } else if constexpr (std::is_same_v<T, std::regex_error>) {
        using namespace std::regex_constants;
        const int code = std::clamp(failure.code, int{error_collate}, int{error_stack});
        return T(static_cast<error_type>(code));
    } else if constexpr (std::is_constructible_v<T, const std::string&>) {
        return T(failure.message);
    } else {
        return T{};
    }
}

void note_code(Failure& failure, const std::error_code& code) {
    failure.code = code.value();
    failure.category = code.category().name();
}

void note_details(Failure& failure, const std::exception& exception) {
    if (const auto* system = dynamic_cast<const std::system_error*>(&exception)) {
        note_code(failure, system->code());
    } else if (const auto* future = dynamic_cast<const std::future_error*>(&exception)) {
        note_code(failure, future->code());
    } else if (const auto* regex = dynamic_cast<const std::regex_error*>(&exception)) {
        failure.code = regex->code();
    }
    if (const auto* files = dynamic_cast<const std::filesystem::filesystem_error*>(&exception)) {
        failure.path1 = files->path1().native();
        failure.path2 = files->path2().native();
    }
}

// ---- Looking at an exception
// -----------------------------------------------------------------------

constexpr int max_nesting = 32;

std::string bounded(const char* text) {
    return text == nullptr ? std::string()
                           : std::string(text, ::strnlen(text, max_failure_message + 1));
}

void look(Failure& failure, int depth);

void note_cause(Failure& failure, const std::nested_exception* nested, int depth) {
    if (nested == nullptr || nested->nested_ptr() == nullptr || depth == max_nesting ||
        failure.message.size() > max_failure_message) {
        return;
    }
    Failure cause;
    try {
        nested->rethrow_nested();
    } catch (...) {
        look(cause, depth + 1);
    }
    failure.message += failure.message.empty() ? "caused by " : "; caused by ";
    failure.message += cause.type_name;
    if (!cause.message.empty()) failure.message += ": " + cause.message;
}

void note_exception(Failure& failure, const std::exception& exception, int depth) {
    const auto* of_a_pool = dynamic_cast<const TaskFailure*>(&exception);
    if (of_a_pool != nullptr && !of_a_pool->type_name().empty()) {
        failure.type_name = of_a_pool->type_name();
    } else {
        failure.type_name = readable_name(typeid(exception));
    }
    if (of_a_pool != nullptr) failure.trace = of_a_pool->trace();
    failure.message = bounded(exception.what());
    note_details(failure, exception);
    note_cause(failure, dynamic_cast<const std::nested_exception*>(&exception), depth);
}

/// Only inside a catch block. A type that derives from std::exception twice can only be caught by
/// one of the two.
void look_at_the_rest(Failure& failure, int depth) {
    try {
        throw;
    } catch (const std::runtime_error& exception) {
        failure.standard = StandardType::runtime_error;
        failure.message = bounded(exception.what());
    } catch (const std::logic_error& exception) {
        failure.standard = StandardType::logic_error;
        failure.message = bounded(exception.what());
    } catch (const std::nested_exception& exception) {
        note_cause(failure, &exception, depth);
    } catch (const std::string& text) {
        failure.message = text.substr(0, max_failure_message + 1);
    } catch (const char* text) {
        failure.message = bounded(text);
    } catch (int number) {
        failure.message = std::to_string(number);
    } catch (...) {
        return;  // its type's name is all there is
    }
}

/// Only inside a catch block: notes what is in flight. Throws std::bad_alloc, and the unwinding of
/// a cancelled thread.
void look(Failure& failure, int depth) {
    try {
        throw;
    } catch (const std::exception& exception) {
        failure.standard = nearest_standard_type(&exception, Types{});
        note_exception(failure, exception, depth);
    } catch (...) {
        failure.type_name = readable_name(*abi::__cxa_current_exception_type());
        look_at_the_rest(failure, depth);
    }
}

// ---- Bytes
// -----------------------------------------------------------------------------------------

constexpr std::uint32_t frame_magic = 0x6c696166;  // "fail"

struct Header {
    std::uint32_t magic = frame_magic;
    std::uint8_t kind = 0;
    std::uint8_t standard = 0;
    std::uint16_t unused = 0;
    std::uint64_t index = 0;
    std::int64_t timeout = 0;
    std::int32_t worker_pid = 0;
    std::int32_t signal = 0;
    std::int32_t exit_status = 0;
    std::int32_t code = 0;
    std::uint32_t also_unused = 0;
    std::array<std::uint32_t, 7> lengths{};  // of the texts that follow, in the order of `texts`
};
static_assert(std::has_unique_object_representations_v<Header>);

/// The texts of a failure in the order in which they are shipped.
template <class F>
auto texts(F& failure) {
    return std::array{&failure.type_name, &failure.message, &failure.trace, &failure.stack,
                      &failure.category,  &failure.path1,   &failure.path2};
}
constexpr std::array<std::size_t, 7> text_bounds{
    4096, max_failure_message, max_failure_message, ship::longest_stack, 256, 4096, 4096};
constexpr std::string_view cut_mark = " [cut]";

std::size_t shipped_size(const std::string& text, std::size_t bound) {
    return std::min(text.size(), bound);
}

void copy_text(std::byte* to, const std::string& text, std::size_t size) {
    if (text.size() > size) {
        std::memcpy(to, text.data(), size - cut_mark.size());
        std::memcpy(to + (size - cut_mark.size()), cut_mark.data(), cut_mark.size());
    } else if (size > 0) {
        std::memcpy(to, text.data(), size);
    }
}

Failure out_of_memory() noexcept {
    Failure failure;
    failure.standard = StandardType::bad_alloc;
    failure.type_name.assign("std::bad_alloc");  // short enough to need no memory
    failure.message.assign("std::bad_alloc");
    return failure;
}

Failure malformed(const char* why) {
    Failure failure;
    failure.standard = StandardType::decode_error;
    failure.type_name = "procpool::DecodeError";
    failure.message = std::string("the worker's account of its failure cannot be read (") + why +
                      "): a task may have written over it; run it under AddressSanitizer";
    return failure;
}

Failure decode(std::span<const std::byte> bytes) {
    if (bytes.empty()) return out_of_memory();
    Header header;
    if (bytes.size() < sizeof header) return malformed("too short");
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != frame_magic) return malformed("not a failure");
    if (header.kind > static_cast<std::uint8_t>(Failure::last_kind))
        return malformed("unknown kind");
    if (header.standard > static_cast<std::uint8_t>(last_standard_type)) {
        return malformed("unknown type");
    }

    Failure failure;
    failure.kind = static_cast<Failure::Kind>(header.kind);
    failure.standard = static_cast<StandardType>(header.standard);
    failure.index = header.index;
    failure.worker_pid = header.worker_pid;
    failure.signal = header.signal;
    failure.exit_status = header.exit_status;
    failure.timeout = std::chrono::nanoseconds(header.timeout);
    failure.code = header.code;
    auto rest = bytes.subspan(sizeof header);
    const auto fields = texts(failure);
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t length = header.lengths[i];
        if (length > rest.size() || length > text_bounds[i]) return malformed("a text is too long");
        fields[i]->assign(reinterpret_cast<const char*>(rest.data()), length);
        rest = rest.subspan(length);
    }
    if (!rest.empty()) return malformed("too long");
    return failure;
}

// ---- Words
// -----------------------------------------------------------------------------------------

struct SignalWords {
    int number;
    const char* name;
    const char* meaning;
    const char* cure;
};

constexpr const char* debug_it = "call the function on that item alone, under a debugger";
constexpr const char* try_again = "set retries to have such an item tried again";

constexpr SignalWords signal_words[] = {
    {SIGSEGV, "SIGSEGV", "segmentation fault", debug_it},
    {SIGBUS, "SIGBUS", "bus error", debug_it},
    {SIGILL, "SIGILL", "illegal instruction", debug_it},
    {SIGFPE, "SIGFPE", "arithmetic error, an integer division by zero for one", debug_it},
    {SIGTRAP, "SIGTRAP", "trap", debug_it},
    {SIGABRT, "SIGABRT", "abort: std::terminate, a failed assertion or a corrupted heap",
     "see what it wrote to stderr, or call the function on that item alone, under a debugger"},
    {SIGKILL, "SIGKILL", "killed, perhaps by the kernel's out-of-memory killer",
     "see dmesg; use fewer processes if memory is short; set retries to have such an item tried "
     "again"},
    {SIGSYS, "SIGSYS", "forbidden system call", "see which seccomp filter is in force"},
    {SIGXCPU, "SIGXCPU", "CPU time limit", "see ulimit -t"},
    {SIGXFSZ, "SIGXFSZ", "file size limit", "see ulimit -f"},
    {SIGTERM, "SIGTERM", "terminated", try_again},
    {SIGINT, "SIGINT", "interrupted", try_again},
    {SIGQUIT, "SIGQUIT", "quit", try_again},
    {SIGHUP, "SIGHUP", "hangup", try_again},
    {SIGPIPE, "SIGPIPE", "broken pipe", "ignore SIGPIPE in the task"},
    {SIGALRM, "SIGALRM", "alarm clock", "do not use alarm() in a task"},
    {SIGUSR1, "SIGUSR1", "user signal 1", try_again},
    {SIGUSR2, "SIGUSR2", "user signal 2", try_again},
};

std::string words_for_signal(int number, const std::string& where) {
    const auto* words = std::ranges::find(signal_words, number, &SignalWords::number);
    if (words == std::end(signal_words)) {
        return "signal " + std::to_string(number) + where + "; " + try_again;
    }
    return std::string(words->name) + " (" + words->meaning + ")" + where + "; " + words->cure;
}

std::string in_words(std::chrono::nanoseconds time) {
    const auto count = static_cast<double>(time.count());
    const auto [scale, unit] = count >= 1e9   ? std::pair{1e9, " s"}
                               : count >= 1e6 ? std::pair{1e6, " ms"}
                               : count >= 1e3 ? std::pair{1e3, " us"}
                                              : std::pair{1.0, " ns"};
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.begin(), text.end(), count / scale, std::chars_format::general, 6);
    return std::string(text.data(), end.ptr) + unit;
}

/// The innermost frame of a trace.
std::string first_line(const std::string& trace) { return trace.substr(0, trace.find('\n')); }

template <class... Entries, class Use>
bool with_standard_exception(const Failure& failure, Use& use, Table<Entries...>) {
    return (
        (Entries::tag == failure.standard &&
         (use(Thrown<typename Entries::type>(rebuild<typename Entries::type>(failure), failure)),
          true)) ||
        ...);
}

/// Calls `use` with the exception that stands for the failure.
template <class Use>
void with_exception(const Failure& failure, Use use) {
    switch (failure.kind) {
        case Failure::Kind::thrown:
            if (!with_standard_exception(failure, use, Types{})) use(RemoteError(failure));
            return;
        case Failure::Kind::died:
            return use(WorkerDied(failure));
        case Failure::Kind::timed_out:
            return use(TaskTimeout(failure));
        case Failure::Kind::cancelled:
            return use(TaskCancelled(failure));
        case Failure::Kind::terminated:
            return use(PoolTerminated(describe(failure)));
        case Failure::Kind::broken:
            return use(PoolBroken(describe(failure)));
        case Failure::Kind::initializer:
            return use(InitializerFailed(describe(failure)));
    }
    use(RemoteError(failure));
}

}  // namespace

std::string readable_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
    std::string name = demangled != nullptr ? demangled.get() : type.name();

    const auto replace = [&name](std::string_view from, std::string_view to) {
        for (auto at = name.find(from); at != std::string::npos;
             at = name.find(from, at + to.size())) {
            name.replace(at, from.size(), to);
        }
    };
    replace("__cxx11::", "");
    replace("[abi:cxx11]", "");
    replace("std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
            "std::string");
    constexpr std::string_view nested =
        "std::_Nested_exception<";  // what std::throw_with_nested makes
    if (name.starts_with(nested) && name.ends_with('>')) {
        name = name.substr(nested.size(), name.size() - nested.size() - 1);
    }
    return name;
}

std::vector<std::byte> encode_failure(const Failure& failure) {
    Header header;
    header.kind = static_cast<std::uint8_t>(failure.kind);
    header.standard = static_cast<std::uint8_t>(failure.standard);
    header.index = failure.index;
    header.timeout = failure.timeout.count();
    header.worker_pid = failure.worker_pid;
    header.signal = failure.signal;
    header.exit_status = failure.exit_status;
    header.code = failure.code;
    const auto fields = texts(failure);
    std::size_t size = sizeof header;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        header.lengths[i] = static_cast<std::uint32_t>(shipped_size(*fields[i], text_bounds[i]));
        size += header.lengths[i];
    }

    std::vector<std::byte> bytes(size);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::byte* to = bytes.data() + sizeof header;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        copy_text(to, *fields[i], header.lengths[i]);
        to += header.lengths[i];
    }
    return bytes;
}

std::vector<std::byte> encode_current_exception(std::uint64_t index, pid_t worker,
                                                std::string_view stack) {
    Failure failure;
    try {
        if (std::current_exception() == nullptr) throw;
        look(failure, 0);
        // The trace of an item of a pool in the task says more than where it was waited for.
        if (failure.trace.empty()) failure.stack = stack;
    } catch (...) {
        // Not of C++: the unwinding of a cancelled thread. To end it here would abort the process.
        if (std::current_exception() == nullptr) throw;
        const auto standard = failure.standard;
        failure = out_of_memory();
        if (standard != StandardType::none) failure.standard = standard;
    }
    failure.index = index;
    failure.worker_pid = worker;
    try {
        return encode_failure(failure);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

Failure decode_failure(std::span<const std::byte> bytes) noexcept {
    try {
        return decode(bytes);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    }
}

void throw_failure(const Failure& failure) {
    with_exception(failure, [](const auto& exception) { throw exception; });
    std::terminate();  // unreachable: the call above throws
}

std::exception_ptr make_exception(const Failure& failure) {
    std::exception_ptr made;
    with_exception(failure,
                   [&made](const auto& exception) { made = std::make_exception_ptr(exception); });
    return made;
}

std::string describe(const Failure& failure) {
    return describe_at(failure, first_line(failure.trace));
}

namespace {

/// `place`: "parse_header (parse.cpp:41)", or nothing.
std::string describe_at(const Failure& failure, const std::string& place) {
    const std::string item = "item " + std::to_string(failure.index);
    const std::string worker =
        failure.worker_pid == 0 ? "its worker" : "worker " + std::to_string(failure.worker_pid);
    const std::string who = item + ": " + worker;
    const std::string where = place.empty() ? "" : " in " + place;
    const std::string more = failure.message.empty() ? "" : " (" + failure.message + ")";

    switch (failure.kind) {
        case Failure::Kind::thrown: {
            std::string text = who + " threw " + failure.type_name + where;
            if (!failure.message.empty()) text += ": " + failure.message;
            if (failure.standard == StandardType::none) {
                text += "; to catch it as itself, derive it from a standard exception";
            }
            return text;
        }
        case Failure::Kind::died:
            if (failure.signal != 0) {
                return who + " died of " + words_for_signal(failure.signal, where + more);
            }
            return who + " exited with status " + std::to_string(failure.exit_status) + where +
                   " before the item was done; a task must return or throw, never exit" + more;
        case Failure::Kind::timed_out:
            return who + " was killed" + where + ": it exceeded the timeout of " +
                   in_words(failure.timeout) +
                   "; raise the timeout, or look for an endless loop or a lock never released" +
                   more;
        case Failure::Kind::cancelled:
            return item + " was cancelled before it was done" + more +
                   "; cancel(), fail_fast or a finished search did it: run it again if it is "
                   "needed";
        case Failure::Kind::terminated:
            return item + " was not done when the pool was terminated" + more +
                   "; close() and join() wait for what is pending";
        case Failure::Kind::broken:
            return item + " was not done when the pool broke" + more +
                   ": its fork server is gone or can start no more processes; make a new pool";
        case Failure::Kind::initializer: {
            std::string text = "procpool: the initializer failed in " + worker + ": ";
            if (!failure.type_name.empty()) {
                text += "it threw " + failure.type_name +
                        (failure.message.empty() ? "" : ": " + failure.message);
            } else if (failure.signal != 0) {
                text += "it died of " + words_for_signal(failure.signal, where);
            } else {
                text += "it exited with status " + std::to_string(failure.exit_status);
            }
            return text + "; that broke the pool: mend the initializer and make a new one";
        }
    }
    return item + " failed" + more;
}

}  // namespace
}  // namespace detail
}  // namespace procpool
