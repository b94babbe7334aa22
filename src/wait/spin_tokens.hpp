#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace wait {

/// Limits how many workers, of all pools together, spin for a call, so that they do not take the
/// CPUs from workers that compute. Every worker may write this shared memory, even a task that runs
/// wild. So a token is only a hint that saves a wake, and nobody relies on it for long. The initial
/// state is all zeroes.
class SpinTokens {
public:
    static constexpr std::size_t most = 64;

    /// A worker of a pool, as its token names it. Never 0.
    class Holder {
    public:
        constexpr Holder(std::uint64_t pool, int worker)
            : bits_(pool << 16U | static_cast<std::uint64_t>(worker + 1)) {}
        [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }

    private:
        std::uint64_t bits_;
    };

    /// The tokens of a region lie at its base.
    static SpinTokens& at(std::byte* region_base) {
        return *reinterpret_cast<SpinTokens*>(region_base);
    }

    /// Takes one of the first `count` tokens. Returns its number, or nothing if all are taken.
    [[nodiscard]] std::optional<std::size_t> take(Holder holder, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            std::uint64_t free = 0;
            if (holder_[i].load(std::memory_order_relaxed) == 0 &&
                holder_[i].compare_exchange_strong(free, holder.bits())) {
                return i;
            }
        }
        return std::nullopt;
    }
    void give_back(std::size_t token) { holder_[token].exchange(0, std::memory_order_seq_cst); }

    /// Does a worker of the pool hold one of the first `count`?
    [[nodiscard]] bool has_one(std::uint64_t pool, std::size_t count) const {
        for (std::size_t i = 0; i < count; ++i) {
            if (holder_[i].load(std::memory_order_seq_cst) >> 16U == pool) {
                return true;
            }
        }
        return false;
    }
    /// How many tokens are held.
    [[nodiscard]] std::size_t held() const {
        std::size_t count = 0;
        for (const auto& holder : holder_) {
            count += holder.load(std::memory_order_relaxed) != 0 ? 1 : 0;
        }
        return count;
    }

    /// Takes back what a worker held when it died.
    void take_back(Holder dead) {
        for (auto& holder : holder_) {
            std::uint64_t held = dead.bits();
            holder.compare_exchange_strong(held, 0);
        }
    }
    /// The same for all workers of a pool.
    void take_back_all_of(std::uint64_t pool) {
        for (auto& holder : holder_) {
            std::uint64_t held = holder.load(std::memory_order_relaxed);
            if (held >> 16U == pool) {
                holder.compare_exchange_strong(held, 0);
            }
        }
    }
    /// Frees every token. Nobody spins for long: a token that is still held after a while may be
    /// something that a task wrote there. Freeing one that is really held does no harm.
    void forget_all() {
        for (auto& holder : holder_) {
            if (holder.load(std::memory_order_relaxed) != 0) {
                holder.store(0, std::memory_order_relaxed);
            }
        }
    }

private:
    std::array<std::atomic<std::uint64_t>, most> holder_{};
};

}  // namespace wait
PROCPOOL_END_NAMESPACE
