#pragma once

#include <functional>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Threads of this process that run what they are given.
class Executor {
public:
    Executor() = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor() = default;

    /// Has one of the threads call `work`, which does not throw; those that wait longest first.
    /// Does not wait for it. Any thread may call it. Throws std::bad_alloc.
    virtual void enqueue(std::function<void()> work) = 0;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
