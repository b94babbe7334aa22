#include "os/cancellation.hpp"

#include <pthread.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

thread_local int blocks = 0;  // of this thread; the outermost one pays for the call of libc

}  // namespace

CancellationBlock::CancellationBlock() noexcept {
    if (blocks++ == 0) {
        ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_);
    }
}

CancellationBlock::~CancellationBlock() {
    if (--blocks == 0) {
        ::pthread_setcancelstate(before_, nullptr);
    }
}

void allow_cancellation() noexcept {
    blocks = 0;
    ::pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
}

}  // namespace os
PROCPOOL_END_NAMESPACE
