// fuzz: longest input 65536
#include <exception>

#include <procpool/detail/failure.hpp>
#include <procpool/errors.hpp>

#include "fuzz.hpp"

// A worker's account of what went wrong, to the exception that the caller catches.

namespace procpool::fuzz {

void decode(Bytes bytes) {
    const detail::Failure failure = detail::decode_failure(bytes);
    require(!detail::describe(failure).empty());
    try {
        detail::throw_failure(failure);
    } catch (const std::exception& error) {
        require(error.what() != nullptr);
        if (const auto* task = dynamic_cast<const TaskFailure*>(&error)) {
            require(!task->message().empty());
        }
    }
}

}  // namespace procpool::fuzz
