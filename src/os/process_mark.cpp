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
    // Without a lock: a forked child could find it held. Never unmapped: forked children and late
    // destructors still read it.
    static constinit std::atomic<Marks*> only{nullptr};
    static constinit std::atomic<Mapping*> mapping{
        nullptr};  // keeps it reachable for leak checkers
    Marks* seen = only.load(std::memory_order_acquire);
    if (seen == nullptr) {
        auto page = std::make_unique<Mapping>(map_wiped_on_fork());
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
        const std::uint64_t fresh = (static_cast<std::uint64_t>(own_pid()) << 40U ^ now_ns()) | 1U;
        mark.compare_exchange_strong(seen, fresh);
        return seen == 0 ? fresh : seen;
    }
    return seen;
}

std::atomic<std::uint64_t>& worker_mark() { return marks().worker; }

}  // namespace os
PROCPOOL_END_NAMESPACE
