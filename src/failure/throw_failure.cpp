#include <algorithm>
#include <chrono>
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

template <class Entry>
[[gnu::cold]] void throw_if_it_was(const Failure& failure) {
    if (Entry::tag == failure.standard) {
        using Made = typename Entry::made;
        throw Thrown<Made>(rebuild<Made>(failure), failure);
    }
}

/// Throws the exception of the table that the failure was. Returns if it was none of them.
template <class... Entries>
[[gnu::cold]] void throw_standard(const Failure& failure, TypeTable<Entries...>) {
    (throw_if_it_was<Entries>(failure), ...);
}

InitializerFailed initializer_failed(const Failure& failure) {
    const trace::Trace trace = trace_of(failure);
    return InitializerFailed(describe_at(failure, trace.place), trace.text);
}

}  // namespace

void throw_failure(const Failure& failure) {
    switch (failure.kind) {
        case Failure::Kind::thrown:
            throw_standard(failure, StandardTypes{});
            break;
        case Failure::Kind::died:
            if (failure.memory != 0) {
                throw OutOfMemory(failure);
            }
            throw WorkerDied(failure);
        case Failure::Kind::timed_out:
            throw TaskTimeout(failure);
        case Failure::Kind::cancelled:
            throw TaskCancelled(failure);
        case Failure::Kind::terminated:
            throw PoolTerminated(describe(failure));
        case Failure::Kind::broken:
            throw PoolBroken(describe(failure));
        case Failure::Kind::initializer:
            throw initializer_failed(failure);
    }
    throw RemoteError(failure);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
