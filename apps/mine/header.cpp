#include "header.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "hash.hpp"

namespace mine {

namespace {

std::string header_bytes(std::string_view hex) {
    const auto bytes = from_hex(hex);
    if (!bytes) {
        throw ImpossibleGoal("the block header is not hexadecimal: use 0-9 and a-f");
    }
    if (bytes->size() == header_size + 4) {
        throw ImpossibleGoal(
            "the block header has its nonce: leave out the last 8 digits, which are looked for");
    }
    if (bytes->size() != header_size) {
        throw ImpossibleGoal(
            fmt::format("the block header has {} digits: give the {} before the nonce", hex.size(),
                        2 * header_size));
    }
    return *bytes;
}

/// Of the field "bits": an exponent of 256, and three digits to that base, the first at most 127.
std::array<std::uint8_t, 32> target_of(std::string_view header) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, header.data() + 72, sizeof bits);
    const std::uint32_t exponent = bits >> 24;  // bytes of the target
    const std::uint32_t digits = bits & 0x7fffff;
    if (digits == 0 || (bits & 0x800000) != 0) {
        throw ImpossibleGoal(fmt::format(
            "the header's bits field {:08x} is not a target above 0: check bytes 72 to 75", bits));
    }
    std::array<std::uint8_t, 32> target{};
    bool any = false;
    for (std::uint32_t i = 0; i < 3; ++i) {  // the digit of 256^(exponent - 3 + i)
        const auto digit = static_cast<std::uint8_t>(digits >> (8 * i));
        const int place = static_cast<int>(exponent) - 3 + static_cast<int>(i);
        if (digit == 0 || place < 0) {
            continue;
        }
        if (place > 31) {
            throw ImpossibleGoal(fmt::format(
                "the header's bits field {:08x} is above 256 bits: check bytes 72 to 75", bits));
        }
        target[static_cast<std::size_t>(31 - place)] = digit;
        any = true;
    }
    if (!any) {
        throw ImpossibleGoal(fmt::format(
            "the header's bits field {:08x} is the target 0: check bytes 72 to 75", bits));
    }
    return target;
}

std::string_view bytes_of(const std::array<std::uint8_t, 32>& target) {
    return {reinterpret_cast<const char*>(target.data()), target.size()};
}

}  // namespace

Search header_search(std::string_view hex) {
    const std::string header = header_bytes(hex);
    Search search =
        make_search(Strategy::nonce, {.hash = Hash::sha256d, .ranges = {}, .text = {}}, header, {});
    search.target = target_of(header);
    return search;
}

double header_share(const Search& search) {
    double share = std::ldexp(1.0, -256);  // the hash 0
    for (std::size_t i = 0; i < search.target.size(); ++i) {
        share += std::ldexp(search.target[i], -8 * (static_cast<int>(i) + 1));
    }
    return share;
}

std::string header_digest(std::string_view hex, std::string_view nonce) {
    std::string hash = digest(Hash::sha256d, header_bytes(hex).append(nonce));
    std::ranges::reverse(hash);
    return hash;
}

bool meets_target(const Search& search, std::string_view hash) {
    return hash <= target_text(search);  // of the same width, so texts compare as numbers do
}

std::string target_text(const Search& search) { return to_hex(bytes_of(search.target)); }

}  // namespace mine
