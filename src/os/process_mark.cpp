#include "os/process_mark.hpp"

#include <memory>
#include <new>

#include "os/clock.hpp"
#include "os/mapping.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

struct Marks {
    std::atomic<std::uint64_t> process;
    std::atomic<std::uint64_t> worker;
};

Marks& marks() {
    // Without a lock that a forked child could find held. Never unmapped: forked children and late
    // destructors still look at it.
    static constinit std::atomic<Marks*> only{nullptr};
    static constinit std::atomic<os::Mapping*> mapping{nullptr};  // whose leak is no leak
    Marks* seen = only.load(std::memory_order_acquire);
    if (seen == nullptr) {
        auto page = std::make_unique<os::Mapping>(os::map_wiped_on_fork());
        auto* const fresh = new (page->data()) Marks{};
        if (only.compare_exchange_strong(seen, fresh)) {
            mapping.store(page.release(), std::memory_order_relaxed);
            seen = fresh;
        }
    }
    return *seen;
}

}  // namespace

std::uint64_t process_mark() {
    std::atomic<std::uint64_t>& mark = marks().process;
    std::uint64_t seen = mark.load(std::memory_order_relaxed);
    if (seen == 0) {
        const std::uint64_t fresh =
            (static_cast<std::uint64_t>(os::own_pid()) << 40U ^ os::now_ns()) | 1U;
        mark.compare_exchange_strong(seen, fresh);
        return seen == 0 ? fresh : seen;
    }
    return seen;
}

std::atomic<std::uint64_t>& worker_mark() { return marks().worker; }

}  // namespace os
PROCPOOL_END_NAMESPACE
