#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

/// What every target has in common: it is given bytes that another process might have sent.
namespace procpool::fuzz {

using Bytes = std::span<const std::byte>;

/// Ends the run with a finding.
inline void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// What the first bytes choose: the rest is for the decoder.
inline std::uint8_t take_byte(Bytes& bytes) {
    if (bytes.empty()) {
        return 0;
    }
    const auto byte = std::to_integer<std::uint8_t>(bytes.front());
    bytes = bytes.subspan(1);
    return byte;
}

void decode(Bytes bytes);

}  // namespace procpool::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procpool::fuzz::decode(std::as_bytes(std::span(data, size)));
    return 0;
}
