#include "os/loaded_objects.hpp"

#include <mutex>

#include <pthread.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

constinit std::mutex lock;

// Before main: nobody forks while it is half done.
const int registered =
    ::pthread_atfork([] { lock.lock(); }, [] { lock.unlock(); }, [] { lock.unlock(); });

}  // namespace

void for_each_object(int (*visit)(dl_phdr_info*, std::size_t, void*), void* data) {
    static_cast<void>(registered);
    const std::scoped_lock held(lock);
    ::dl_iterate_phdr(visit, data);
}

}  // namespace os
PROCPOOL_END_NAMESPACE
