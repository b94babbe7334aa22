#pragma once

#include <memory>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

class StopLink;

/// What AsyncResult::then was given.
class Callback {
public:
    Callback() = default;
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    virtual ~Callback() = default;

    /// Calls it with what the sink of a resolved job has collected. May throw anything.
    virtual void call(AnyCollector& sink) = 0;
};

/// A callback, and the job that it waits for.
struct PendingCallback {
    std::shared_ptr<Engine> engine;
    JobHandle job;
    std::shared_ptr<AnyCollector> sink;
    std::unique_ptr<Callback> callback;
    std::shared_ptr<StopLink> stop;        // ends before what it refers to
    std::shared_ptr<JournalCall> journal;  // null: none
};

/// Has the callback called once its job is resolved, on the one thread of this process that calls
/// callbacks; the first call starts it. Throws std::system_error if it cannot be started; the
/// callback then stays where it was.
void call_later(PendingCallback&& pending);

}  // namespace detail
PROCPOOL_END_NAMESPACE
