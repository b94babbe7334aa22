#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <future>
#include <ios>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <procpool/detail/codec/class.hpp>
#include <procpool/detail/failure.hpp>

#include "failure/describe.hpp"
#include "failure/standard_types.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

std::error_code code_of(const Failure& failure) {
    return {failure.code, category_named(failure.category)};
}

/// The text that was given to the constructor of a system_error. The constructor appends that of
/// the error code.
std::string text_before_code(const Failure& failure) {
    constexpr std::string_view prefix = "filesystem error: ";
    std::string text = failure.message;
    if (text.starts_with(prefix)) {
        text.erase(0, prefix.size());
    }
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
#if PROCPOOL_HAS_TIME_ZONES
    } else if constexpr (std::is_same_v<T, NonexistentLocalTime>) {
        return T(std::chrono::local_seconds{}, {std::chrono::local_info::nonexistent, {}, {}});
    } else if constexpr (std::is_same_v<T, AmbiguousLocalTime>) {
        return T(std::chrono::local_seconds{}, {std::chrono::local_info::ambiguous, {}, {}});
#endif
    } else if constexpr (std::is_constructible_v<T, const std::string&>) {
        return T(failure.message);
    } else {
        return T{};
    }
}

template <class... Entries, class Use>
bool with_standard_exception(const Failure& failure, Use& use, TypeTable<Entries...>) {
    return (
        (Entries::tag == failure.standard &&
         (use(Thrown<typename Entries::made>(rebuild<typename Entries::made>(failure), failure)),
          true)) ||
        ...);
}

InitializerFailed initializer_failed(const Failure& failure) {
    const trace::Trace trace = trace_of(failure);
    return InitializerFailed(describe_at(failure, trace.place), trace.text);
}

/// Calls `use` with the exception that stands for the failure.
template <class Use>
void with_exception(const Failure& failure, Use use) {
    switch (failure.kind) {
        case Failure::Kind::thrown:
            if (!with_standard_exception(failure, use, StandardTypes{})) {
                use(RemoteError(failure));
            }
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
            return use(initializer_failed(failure));
    }
    use(RemoteError(failure));
}

}  // namespace

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

}  // namespace detail
PROCPOOL_END_NAMESPACE
