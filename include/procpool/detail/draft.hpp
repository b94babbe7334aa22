#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <procpool/detail/closure/code.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Inputs up to this size travel with the job's descriptor and need no block of their own.
inline constexpr std::size_t small_inputs = 2048;

/// A job that is being put together, with the memory that its spec only points to.
struct Draft {
    [[gnu::hot]] Draft();
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    [[gnu::hot]] ~Draft();

    JobSpec spec;
    std::vector<std::byte> closure;
    CollectedCode code;
    std::byte pointer[sizeof(void(Draft::*)())];  // a function or member pointer as closure
    std::byte inputs[small_inputs];               // left as it is: only what is used is written

    /// `size` bytes to write the inputs to.
    std::byte* reserve(std::size_t size) {
        if (size <= small_inputs) {
            spec.inputs = {inputs, size};
            return inputs;
        }
        return reserve_block(size);
    }
    /// `size` bytes to write the closure to.
    std::byte* reserve_closure(std::size_t size);
    /// The inputs as they lie there. Small ones are not copied: the engine does that.
    [[gnu::hot]] void copy(std::span<const std::byte> bytes);

private:
    std::byte* reserve_block(std::size_t size);
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
