#include "goal.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "tool/text.hpp"

namespace mine {

namespace {

constexpr int leading_bits(Hash hash) { return is_checksum(hash) ? 32 : 64; }

/// The numbers of `width` bits that begin with these bits.
Range beginning_with(std::uint64_t value, int bits, int width) {
    const int rest = width - bits;
    const std::uint64_t below = rest == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << rest) - 1;
    const std::uint64_t first = rest == 64 ? 0 : value << rest;
    return {first, first | below};
}

/// Both halves of an adler32 are sums modulo 65521.
bool adler_can_be_in(const Range& range) {
    constexpr std::uint64_t modulus = 65521;
    std::uint64_t upper = range.first >> 16;
    std::uint64_t lower = range.first & 0xffff;
    if (lower >= modulus) {
        ++upper;
        lower = 0;
    }
    return upper < modulus && (upper << 16 | lower) <= range.last;
}

/// The goal; throws ImpossibleGoal if no value that the hash can have meets it.
Goal possible(Goal goal) {
    if (goal.hash == Hash::adler32 && std::ranges::none_of(goal.ranges, adler_can_be_in)) {
        throw ImpossibleGoal(
            fmt::format("no adler32 {}: each of its halves is below 65521, fff1 in hexadecimal: "
                        "ask for another --prefix",
                        goal.text));
    }
    return goal;
}

}  // namespace

bool Goal::met_by(std::uint64_t leading) const {
    return std::ranges::any_of(
        ranges, [&](const Range& r) { return r.first <= leading && leading <= r.last; });
}

double Goal::share() const {
    double numbers = 0;
    for (const Range& range : ranges) {
        numbers += static_cast<double>(range.last - range.first) + 1;
    }
    return std::ldexp(numbers, -leading_bits(hash));
}

Goal hex_goal(Hash hash, std::string_view prefix) {
    const int width = leading_bits(hash);
    if (prefix.empty()) {
        throw ImpossibleGoal("the prefix is empty: every hash begins with it");
    }
    if (prefix.size() * 4 > static_cast<std::size_t>(width)) {
        throw ImpossibleGoal(
            fmt::format("a prefix of {} digits is out of reach: {} takes at most {}", prefix.size(),
                        to_string(hash), width / 4));
    }
    const auto value = tool::whole_number<std::uint64_t>(prefix, 16);
    if (!value) {
        throw ImpossibleGoal(
            fmt::format("the prefix '{}' is not hexadecimal: use 0-9 and a-f", prefix));
    }
    return possible({.hash = hash,
                     .ranges = {beginning_with(*value, static_cast<int>(prefix.size()) * 4, width)},
                     .text = fmt::format("begins with {} in hexadecimal", prefix)});
}

Goal decimal_goal(Hash hash, std::string_view prefix) {
    if (!is_checksum(hash)) {
        throw ImpossibleGoal(fmt::format(
            "decimal digits are for adler32 and crc32, which are numbers of 32 bits: use --digits "
            "hex for {}",
            to_string(hash)));
    }
    constexpr std::uint64_t largest = 0xffffffff;
    const auto value = tool::whole_number<std::uint64_t>(prefix);
    if (!value) {
        throw ImpossibleGoal(fmt::format("the prefix '{}' is not a decimal number", prefix));
    }
    if (prefix.front() == '0') {
        throw ImpossibleGoal(
            "a decimal number never begins with 0: use --digits hex, which has a fixed width, or "
            "--zero-bits");
    }
    if (*value > largest) {
        throw ImpossibleGoal(
            fmt::format("no number of 32 bits begins with {}: they end at {}", prefix, largest));
    }
    Goal goal{.hash = hash, .text = fmt::format("begins with {} in decimal", prefix)};
    for (std::uint64_t power = 1; *value * power <= largest; power *= 10) {
        goal.ranges.push_back({*value * power, std::min(*value * power + power - 1, largest)});
    }
    return possible(std::move(goal));
}

Goal zero_bits_goal(Hash hash, int bits) {
    const int width = leading_bits(hash);
    if (bits < 1 || bits > width) {
        throw ImpossibleGoal(fmt::format("--zero-bits {} is out of reach: {} takes 1 to {}", bits,
                                         to_string(hash), width));
    }
    return {.hash = hash,
            .ranges = {beginning_with(0, bits, width)},
            .text = "begins with " + tool::counted(bits, "zero bit")};
}

}  // namespace mine
