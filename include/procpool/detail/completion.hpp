#pragma once

#include <cstddef>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The order in which some jobs are resolved. For one thread at a time; the engines outlive it.
class Completion {
public:
    explicit Completion(std::vector<EngineJob> jobs);

    [[nodiscard]] bool is_at_end() const { return position_ >= count_; }
    /// Which job is next: its place among those that were given. Waits for it. Throws
    /// std::logic_error behind the last.
    [[nodiscard]] std::size_t current();
    void advance() noexcept { ++position_; }

private:
    std::size_t count_;
    std::vector<EngineJob> pending_;
    std::vector<std::size_t> places_;  // of those
    std::vector<std::size_t> order_;   // places, as they were resolved
    std::size_t position_ = 0;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
