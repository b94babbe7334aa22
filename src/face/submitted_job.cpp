#include <stdexcept>
#include <utility>

#include <procpool/detail/submitted_job.hpp>
#include <procpool/errors.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

SubmittedJob::SubmittedJob(std::shared_ptr<Engine> engine, JobSpec& spec,
                           std::shared_ptr<AnyCollector> sink)
    : engine_(std::move(engine)), sink_(std::move(sink)) {
    spec.sink = sink_;
    job_ = engine_->start(std::move(spec));
}
SubmittedJob::SubmittedJob(SubmittedJob&&) noexcept = default;
SubmittedJob& SubmittedJob::operator=(SubmittedJob&& other) noexcept {
    if (this != &other) {
        let_go();
        engine_ = std::move(other.engine_);
        job_ = std::move(other.job_);
        sink_ = std::move(other.sink_);
        taken_ = other.taken_;
    }
    return *this;
}
SubmittedJob::~SubmittedJob() { let_go(); }

/// What was received so far is destroyed here, by this thread.
void SubmittedJob::let_go() noexcept {
    if (engine_) {
        engine_->forget(job_);
    }
}

Engine& SubmittedJob::engine() const {
    if (!engine_) {
        throw std::logic_error("procpool: this AsyncResult was moved from");
    }
    return *engine_;
}

void SubmittedJob::wait() { engine().wait(job_, Clock::time_point::max()); }

bool SubmittedJob::wait(std::chrono::nanoseconds timeout) {
    const auto now = Clock::now();
    const auto longest = Clock::time_point::max() - now;
    if (timeout < std::chrono::nanoseconds(0)) {
        timeout = std::chrono::nanoseconds(0);
    }
    return engine().wait(job_, timeout < longest ? now + timeout : Clock::time_point::max());
}

void SubmittedJob::wait_or_throw(std::chrono::nanoseconds timeout) {
    if (!wait(timeout)) {
        throw TimeoutError(
            "procpool: no result yet: the task runs, or waits for a worker that is free and "
            "initialized; call get() again, or give the task a timeout with TaskOptions");
    }
}

bool SubmittedJob::is_resolved() { return engine().resolved(job_); }

bool SubmittedJob::is_successful() {
    if (!is_resolved()) {
        throw std::logic_error("procpool: AsyncResult::successful() before there is a result");
    }
    return !sink_->has_failed();
}

bool SubmittedJob::cancel() {
    if (is_resolved()) {
        return false;
    }
    engine().cancel(job_);
    return true;
}

AnyCollector& SubmittedJob::sink_to_take() {
    if (std::exchange(taken_, true)) {
        throw std::logic_error("procpool: AsyncResult::get() may be called once");
    }
    return *sink_;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
