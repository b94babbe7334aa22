#include "memory/process_mark.hpp"

#include <new>

#include "os/clock.hpp"
#include "os/memory.hpp"
#include "os/process.hpp"

namespace procpool::memory {
namespace {

struct Marks {
    std::atomic<std::uint64_t> process;
    std::atomic<std::uint64_t> worker;
};

Marks& marks() {
    // Never unmapped: forked children and late destructors still look at it.
    static const auto* const page = new os::Mapping(os::map_wiped_on_fork());
    static Marks& marks = *new (page->data()) Marks{};
    return marks;
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

}  // namespace procpool::memory
