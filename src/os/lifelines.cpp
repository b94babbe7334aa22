#include "os/lifelines.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include <pthread.h>
#include <unistd.h>

PROCPOOL_BEGIN_NAMESPACE
namespace os::lifelines {
namespace {

// A fixed table without a lock: a child may be forked while another thread changes it.
constexpr std::size_t most = 4096;
std::array<std::atomic<int>, most> held{};  // descriptor + 1; 0: free
std::atomic<std::size_t> used{0};           // places from here on were never taken

// Registered before main, so nobody forks meanwhile. Where registering fails, only one thing is
// late: the end of a pool whose client replaced itself by exec while a child that it forked lives.
const int registered = ::pthread_atfork(nullptr, nullptr, &close_all);

}  // namespace

void add(int descriptor) {
    static_cast<void>(registered);
    for (std::size_t i = 0; i < most; ++i) {
        int free = 0;
        if (held[i].compare_exchange_strong(free, descriptor + 1)) {
            std::size_t seen = used.load();
            while (seen <= i && !used.compare_exchange_weak(seen, i + 1)) {
            }
            return;
        }
    }
}

void remove(int descriptor) noexcept {
    if (descriptor < 0) {
        return;
    }
    for (std::atomic<int>& place : held) {
        int mine = descriptor + 1;
        if (place.load() == mine && place.compare_exchange_strong(mine, 0)) {
            return;
        }
    }
}

void close_all() noexcept {
    // Writes only where there is something: in a fresh fork every page that is written is copied.
    for (std::size_t i = 0; i < used.load(); ++i) {
        if (held[i].load() != 0) {
            ::close(held[i].exchange(0) - 1);
        }
    }
}

}  // namespace os::lifelines
PROCPOOL_END_NAMESPACE
