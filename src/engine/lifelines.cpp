#include "engine/lifelines.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include <pthread.h>
#include <unistd.h>

namespace procpool::engine::lifelines {
namespace {

// A fixed table without a lock: a child may be forked while another thread is at work here.
constexpr std::size_t most = 4096;
std::array<std::atomic<int>, most> held{};  // descriptor + 1; 0: free

}  // namespace

void add(int descriptor) {
    static const int registered = ::pthread_atfork(nullptr, nullptr, &close_all);
    static_cast<void>(registered);  // without the handler only a pool that outlives an exec beside
                                    // a forked child is late
    for (std::atomic<int>& place : held) {
        int free = 0;
        if (place.compare_exchange_strong(free, descriptor + 1)) {
            return;
        }
    }
}

void remove(int descriptor) noexcept {
    for (std::atomic<int>& place : held) {
        int mine = descriptor + 1;
        if (place.compare_exchange_strong(mine, 0)) {
            return;
        }
    }
}

void close_all() noexcept {
    for (std::atomic<int>& place : held) {
        if (const int descriptor = place.exchange(0); descriptor != 0) {
            ::close(descriptor - 1);
        }
    }
}

}  // namespace procpool::engine::lifelines
