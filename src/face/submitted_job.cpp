#include <algorithm>
#include <stdexcept>
#include <utility>

#include <procpool/detail/stop_link.hpp>
#include <procpool/detail/submitted_job.hpp>
#include <procpool/errors.hpp>
#include <procpool/options.hpp>

#include "face/journal_call.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

Clock::time_point deadline_after(std::chrono::nanoseconds timeout) {
    const auto now = Clock::now();
    timeout = std::max(timeout, std::chrono::nanoseconds(0));
    return timeout < Clock::time_point::max() - now ? now + timeout : Clock::time_point::max();
}

SubmittedJob::SubmittedJob(std::shared_ptr<Engine> engine, JobSpec& spec,
                           std::shared_ptr<AnyCollector> sink, const Progress& progress)
    : engine_(std::move(engine)),
      sink_(std::move(sink)),
      bar_(bar_of(progress, spec.count, *engine_)) {
    spec.sink = sink_;
    const std::stop_token stop = spec.stop;
    const std::chrono::nanoseconds grace = spec.grace;
    if (spec.journal != nullptr) {
        journal_ = spec.journal;
        grace_ = grace;
        JournalCall::attach(spec);
    }
    if (stop.stop_possible()) {
        stop_ = std::make_shared<StopLink>();
    }
    job_ = engine_->start(std::move(spec));
    if (stop_) {
        stop_->begin(*engine_, job_, stop, grace);
    }
}
SubmittedJob::SubmittedJob(SubmittedJob&&) noexcept = default;
SubmittedJob& SubmittedJob::operator=(SubmittedJob&& other) noexcept {
    if (this != &other) {
        let_go();
        engine_ = std::move(other.engine_);
        job_ = std::move(other.job_);
        stop_ = std::move(other.stop_);
        sink_ = std::move(other.sink_);
        bar_ = std::move(other.bar_);
        journal_ = std::move(other.journal_);
        grace_ = other.grace_;
        taken_ = other.taken_;
        handed_over_ = other.handed_over_;
    }
    return *this;
}
SubmittedJob::~SubmittedJob() { let_go(); }

/// What was received so far is destroyed here, by this thread.
void SubmittedJob::let_go() noexcept {
    stop_.reset();
    if (engine_ && !handed_over_) {
        engine_->forget(job_);
    }
}

Engine& SubmittedJob::engine() const {
    if (!engine_) {
        throw std::logic_error("procpool: this AsyncResult was moved from");
    }
    return *engine_;
}

void SubmittedJob::wait() {
    wait_doing(engine(), job_, {bar_.get(), journal_.get(), grace_}, Clock::time_point::max());
    bar_.reset();
}

bool SubmittedJob::wait(std::chrono::nanoseconds timeout) {
    if (!wait_doing(engine(), job_, {bar_.get(), journal_.get(), grace_},
                    deadline_after(timeout))) {
        return false;
    }
    bar_.reset();
    return true;
}

void SubmittedJob::wait_or_throw(std::chrono::nanoseconds timeout) {
    if (!wait(timeout)) {
        throw TimeoutError(
            "procpool: no result yet: the task runs, or waits for a worker that is free and "
            "initialized; call get() again, or give the task a timeout with TaskOptions");
    }
}

bool SubmittedJob::is_resolved() {
    const bool resolved = engine().resolved(job_);
    if (journal_ && !journal_->tend() && !resolved) {
        engine().cancel(job_, grace_);
    }
    return resolved;
}

bool SubmittedJob::is_successful() {
    if (!is_resolved()) {
        throw std::logic_error("procpool: AsyncResult::successful() before there is a result");
    }
    return !sink_->has_failed();
}

bool SubmittedJob::cancel(std::chrono::nanoseconds grace) {
    check_grace(grace);
    if (is_resolved()) {
        return false;
    }
    engine().cancel(job_, grace);
    return true;
}

void SubmittedJob::check_not_taken() const {
    if (taken_) {
        throw std::logic_error(
            "procpool: what an AsyncResult came to is taken once: by get(), outcome() or then()");
    }
}

AnyCollector& SubmittedJob::sink_to_take() {
    check_not_taken();
    taken_ = true;
    return *sink_;
}

void SubmittedJob::then(std::unique_ptr<Callback> callback) {
    static_cast<void>(engine().processes());  // not in a forked child
    static_cast<void>(sink_to_take());
    try {
        call_later({engine_, job_, sink_, std::move(callback), stop_, journal_});
    } catch (...) {
        taken_ = false;
        throw;
    }
    handed_over_ = true;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
