#include <cstring>
#include <exception>
#include <filesystem>
#include <future>
#include <new>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <vector>

#include <cxxabi.h>

#include <procpool/detail/failure.hpp>

#include "failure/bytes.hpp"
#include "failure/standard_types.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

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

constexpr int max_nesting = 32;

std::string bounded(const char* text) {
    return text == nullptr ? std::string()
                           : std::string(text, ::strnlen(text, max_failure_message + 1));
}

void note_current_exception(Failure& failure, int depth);

void note_cause(Failure& failure, const std::nested_exception* nested, int depth) {
    if (nested == nullptr || nested->nested_ptr() == nullptr || depth == max_nesting ||
        failure.message.size() > max_failure_message) {
        return;
    }
    Failure cause;
    try {
        nested->rethrow_nested();
    } catch (...) {
        note_current_exception(cause, depth + 1);
    }
    failure.message += failure.message.empty() ? "caused by " : "; caused by ";
    failure.message += cause.type_name;
    if (!cause.message.empty()) {
        failure.message += ": " + cause.message;
    }
}

void note_exception(Failure& failure, const std::exception& exception, int depth) {
    const auto* of_a_pool = dynamic_cast<const TaskFailure*>(&exception);
    if (of_a_pool != nullptr && !of_a_pool->type_name().empty()) {
        failure.type_name = of_a_pool->type_name();
    } else {
        failure.type_name = readable_name(typeid(exception));
    }
    if (of_a_pool != nullptr) {
        failure.trace = of_a_pool->trace();
    }
    failure.message = bounded(exception.what());
    note_details(failure, exception);
    note_cause(failure, dynamic_cast<const std::nested_exception*>(&exception), depth);
}

/// Only inside a catch block, for an exception that `catch (const std::exception&)` does not catch:
/// it is of no class derived from it, or of one that derives from it twice and can only be caught
/// as a class in between.
void note_other_exception(Failure& failure, int depth) {
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
        return;  // only the name of its type is known
    }
}

/// Only inside a catch block. Throws std::bad_alloc. Lets the unwinding of a cancelled thread pass.
void note_current_exception(Failure& failure, int depth) {
    try {
        throw;
    } catch (const std::exception& exception) {
        failure.standard = nearest_standard_type(&exception, StandardTypes{});
        note_exception(failure, exception, depth);
    } catch (...) {
        failure.type_name = readable_name(*abi::__cxa_current_exception_type());
        note_other_exception(failure, depth);
    }
}

}  // namespace

std::vector<std::byte> encode_current_exception(std::uint64_t index, pid_t worker,
                                                std::string_view stack, std::string_view note,
                                                std::chrono::nanoseconds duration, int tries,
                                                std::uint64_t part) {
    Failure failure;
    try {
        if (std::current_exception() == nullptr) {
            throw;
        }
        note_current_exception(failure, 0);
        // A task that used a pool itself has the trace of that pool's item. It says more than the
        // place where the task waited for the item.
        if (failure.trace.empty()) {
            failure.stack = stack;
        }
        failure.message += note;
    } catch (...) {
        // No C++ exception, but the unwinding of a cancelled thread. Ending it here would abort the
        // process.
        if (std::current_exception() == nullptr) {
            throw;
        }
        const auto standard = failure.standard;
        failure = out_of_memory();
        if (standard != StandardType::none) {
            failure.standard = standard;
        }
    }
    failure.index = index;
    failure.part = part;
    failure.worker_pid = worker;
    failure.duration = duration;
    failure.tries = tries;
    try {
        return encode_failure(failure);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
