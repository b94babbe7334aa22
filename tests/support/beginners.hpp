#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>
#include <unistd.h>

namespace support {

/// Which workers have begun an item, for those who kill workers at random. A pool takes it for a
/// fault if 64 workers in a row die before they come to their item, and rightly so; where processes
/// start slowly, that is what a killer that knows no mercy would do.
class Beginners {
public:
    /// Called by a worker that begins an item.
    void note() { begun_[place(::getpid())] = ::getpid(); }

    /// Three of four workers that have begun nothing are, always the same ones.
    [[nodiscard]] bool is_to_be_spared(pid_t worker) const {
        constexpr std::uint32_t golden_ratio = 2'654'435'769;  // as a share of 2^32
        const bool unlucky = static_cast<std::uint32_t>(worker) * golden_ratio >> 30U == 0;
        return begun_[place(worker)] != worker && !unlucky;
    }

private:
    [[nodiscard]] static std::size_t place(pid_t worker) {
        return static_cast<std::size_t>(worker) % 256;
    }

    std::array<std::atomic<pid_t>, 256> begun_{};
};

}  // namespace support
