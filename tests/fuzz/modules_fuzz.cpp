#include <procpool/errors.hpp>

#include "fuzz.hpp"
#include "ship/modules.hpp"

// The list of modules that a spawned worker is told.

namespace procpool::fuzz {

void decode(Bytes bytes) {
    try {
        const auto modules = ship::decode_modules(bytes);
        require(ship::encode(modules).size() <= bytes.size());
    } catch (const DecodeError&) {
        // that is an answer
    }
}

}  // namespace procpool::fuzz
