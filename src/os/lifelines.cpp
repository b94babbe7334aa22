#include "os/lifelines.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <unistd.h>

#include "os/at_fork.hpp"
#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os::lifelines {
namespace {

// A fixed table without a lock: a child may be forked while another thread changes it.
constexpr std::size_t most = 4096;
struct Place {
    std::atomic<int> descriptor{0};  // + 1; 0: free
    // Of its file, as the program may have closed it and use the number; 0: not known yet.
    std::atomic<std::uint64_t> file{0};
};
std::array<Place, most> held{};
std::atomic<std::size_t> used{0};  // places from here on were never taken

// Registered before main, so nobody forks meanwhile. Where registering fails, only one thing is
// late: the end of a pool whose client replaced itself by exec while a child that it forked lives.
const int registered = at_fork(nullptr, nullptr, &close_all);

}  // namespace

void add(int descriptor) {
    static_cast<void>(registered);
    for (std::size_t i = 0; i < most; ++i) {
        int free = 0;
        if (held[i].descriptor.compare_exchange_strong(free, descriptor + 1)) {
            held[i].file.store(identity_of(descriptor).file);
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
    for (Place& place : held) {
        int mine = descriptor + 1;
        if (place.descriptor.load() != mine) {
            continue;
        }
        place.file.store(0);
        if (place.descriptor.compare_exchange_strong(mine, 0)) {
            return;
        }
    }
}

void close_all() noexcept {
    // Writes only where there is something: in a fresh fork every page that is written is copied.
    for (std::size_t i = 0; i < used.load(); ++i) {
        if (const int descriptor = held[i].descriptor.load() - 1; descriptor >= 0) {
            const std::uint64_t file = held[i].file.load();
            if (file == 0 || file == identity_of(descriptor).file) {
                ::close(descriptor);
            }
            held[i].descriptor.store(0);
        }
    }
}

}  // namespace os::lifelines
PROCPOOL_END_NAMESPACE
