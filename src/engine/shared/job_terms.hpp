#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// What the workers are told about a job. All pages of a job say the same.
struct JobTerms {
    // What to call, and with what: memory of the region.
    Thunk thunk = nullptr;
    Prepare prepare{};
    const std::byte* closure = nullptr;
    std::size_t closure_size = 0;
    const std::byte* input = nullptr;
    std::uint64_t input_mask = ~std::uint64_t{0};

    // Where results go (see JobSpec).
    std::size_t result_stride = 0;
    std::byte* in_place = nullptr;
    std::size_t in_place_size = 0;  ///< whole pages

    // How items are dispensed.
    std::uint64_t parts = 0;       ///< of an item, at most; 0: it has none
    std::size_t chunksize = 0;     ///< 0: adaptive
    std::uint64_t timeout_ns = 0;  ///< 0: none
    std::uint64_t grace_ns = 0;    ///< behind the timeout: the item is asked to end, then killed
    std::uint64_t retries = 0;
    bool eager = false;
    bool waited = false;
    bool fail_fast = false;
    bool pristine = false;          ///< each claim is run by a copy of the worker
    bool accounted = false;         ///< Slot::started says when the last call began
    bool finishes_claimed = false;  ///< what is claimed runs, even if a worker closes the job
    int only_worker = -1;           ///< the only worker that may claim items; -1: all may

    /// Results of different sizes, each with an Entry.
    [[nodiscard]] bool sized_results() const { return result_stride == 0 && in_place == nullptr; }
    /// Bytes of a result in a frame; 0 for sized ones.
    [[nodiscard]] std::size_t shipped_stride() const {
        return in_place != nullptr ? 0 : result_stride;
    }
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
