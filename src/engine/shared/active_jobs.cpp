#include "engine/shared/active_jobs.hpp"

#include <algorithm>
#include <bit>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

void ActiveJobs::set(std::size_t job, bool active) {
    Word& word = active_[job / 64];
    Word& summary = summary_[job / 4096];
    const std::uint64_t bit = std::uint64_t{1} << (job % 64);
    const std::uint64_t bits = word.load(std::memory_order_relaxed);
    const std::uint64_t now = active ? bits | bit : bits & ~bit;
    const std::uint64_t summary_bit = std::uint64_t{1} << (job / 64 % 64);
    const std::uint64_t old = summary.load(std::memory_order_relaxed);
    word.store(now, std::memory_order_release);
    summary.store(now != 0 ? old | summary_bit : old & ~summary_bit, std::memory_order_release);
}

/// Hidden before it is active, and until it is not any more.
void ActiveJobs::set_hidden(std::size_t job, bool active) {
    Word& word = hidden_[job / 64];
    const std::uint64_t bit = std::uint64_t{1} << (job % 64);
    if (active) {
        word.fetch_or(bit, std::memory_order_release);
    }
    set(job, active);
    if (!active) {
        word.fetch_and(~bit, std::memory_order_release);
    }
}

std::size_t ActiveJobs::next(std::size_t from, std::size_t jobs) const {
    return find<true>(from, jobs);
}

std::size_t ActiveJobs::next_seen(std::size_t from, std::size_t jobs) const {
    return find<false>(from, jobs);
}

template <bool hidden_too>
std::size_t ActiveJobs::find(std::size_t from, std::size_t jobs) const {
    const std::size_t words = jobs / 64;
    std::uint64_t mask = ~std::uint64_t{0} << (from % 64);
    for (std::size_t word = from / 64; word < words; ++word, mask = ~std::uint64_t{0}) {
        std::uint64_t bits = active_[word].load(std::memory_order_seq_cst) & mask;
        if constexpr (!hidden_too) {
            bits &= ~hidden_[word].load(std::memory_order_acquire);
        }
        if (bits != 0) {
            return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        }
        // Skip the empty words that follow.
        const std::size_t block = (word + 1) / 64;
        if (block >= summary_words) {
            break;
        }
        const std::uint64_t rest = summary_[block].load(std::memory_order_seq_cst) &
                                   ~std::uint64_t{0} << ((word + 1) % 64);
        word = rest == 0 ? block * 64 + 63
                         : block * 64 + static_cast<std::size_t>(std::countr_zero(rest)) - 1;
    }
    return jobs;
}

bool ActiveJobs::any() const {
    return std::any_of(summary_.begin(), summary_.end(),
                       [](const Word& word) { return word.load(std::memory_order_seq_cst) != 0; });
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
