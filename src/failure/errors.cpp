#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include <procpool/detail/failure.hpp>
#include <procpool/errors.hpp>

#include "failure/describe.hpp"
#include "trace/symbols.hpp"

PROCPOOL_BEGIN_NAMESPACE

namespace detail {

/// The message and the trace of a failure. The names in a stack are looked up when somebody asks
/// for them: that may take milliseconds, and most failures are counted, not read.
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
                trace::Trace trace = trace_of(failure_);
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

OutOfMemory::OutOfMemory(const detail::Failure& failure) : WorkerDied(failure) {}

std::uint64_t OutOfMemory::memory() const noexcept { return failure().memory; }

TaskTimeout::TaskTimeout(const detail::Failure& failure)
    : std::runtime_error(detail::describe(failure)), TaskFailure(failure) {}
const char* TaskTimeout::what() const noexcept { return message().c_str(); }

TaskCancelled::TaskCancelled(const detail::Failure& failure)
    : std::runtime_error(detail::describe(failure)), TaskFailure(failure) {}
const char* TaskCancelled::what() const noexcept { return message().c_str(); }

InitializerFailed::InitializerFailed(const std::string& message, const std::string& trace)
    : std::runtime_error(message), trace_(std::make_shared<const std::string>(trace)) {}
const std::string& InitializerFailed::trace() const noexcept { return *trace_; }

PROCPOOL_END_NAMESPACE
