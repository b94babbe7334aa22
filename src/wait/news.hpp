#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "os/futex.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace wait {

/// One word for the threads of a program that wait for any of several jobs, of several pools. Every
/// worker may write this shared memory, even a task that runs wild: so a wait on it is short.
class News {
public:
    /// On the page at the region's base, behind the spin tokens.
    static News& at(std::byte* region_base) {
        return *reinterpret_cast<News*>(region_base + offset);
    }

    [[nodiscard]] std::uint32_t heard() const { return word_.load(std::memory_order_seq_cst); }
    /// Something has come of a job that somebody waits for this way.
    void tell() {
        word_.fetch_add(1, std::memory_order_seq_cst);
        os::futex_wake(word_, 1 << 30);
    }
    /// Blocks until something is told that was not `heard`, or so long.
    void wait(std::uint32_t heard, std::uint64_t timeout_ns) const {
        os::futex_wait(word_, heard, timeout_ns);
    }

private:
    static constexpr std::size_t offset = 2048;

    os::FutexWord word_{0};
};

}  // namespace wait
PROCPOOL_END_NAMESPACE
