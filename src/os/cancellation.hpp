#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// While it exists, this thread is not cancelled (pthread_cancel): that comes at the first
/// cancellation point behind it. A cancellation unwinds the stack, and would end the program at the
/// first function that is noexcept, or leave a lock behind.
class CancellationBlock {
public:
    [[gnu::hot]] CancellationBlock() noexcept;
    [[gnu::hot]] ~CancellationBlock();
    CancellationBlock(const CancellationBlock&) = delete;
    CancellationBlock& operator=(const CancellationBlock&) = delete;

private:
    int before_ = 0;
};

/// In a process that was forked under a block, whose end never comes there: its thread may be
/// cancelled again.
void allow_cancellation() noexcept;

}  // namespace os
PROCPOOL_END_NAMESPACE
