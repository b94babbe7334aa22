#pragma once

#include <stdexcept>

#include <procpool/errors.hpp>

namespace support {

/// The error of a call, as a copy of its mixin.
template <class Call>
[[nodiscard]] procpool::TaskFailure failure_of(Call call) {
    try {
        call();
    } catch (const procpool::TaskFailure& failure) {
        return failure;
    }
    throw std::logic_error("the call did not fail");
}

}  // namespace support
