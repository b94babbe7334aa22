#pragma once

#include <cstddef>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// C++20 has no pack in a structured binding, and none of empty braces: hence these tables, a line
// for each number of members. Only fields.hpp uses them.

inline constexpr std::size_t max_fields = 40;

// clang-format off
/// Empty braces are one member each, an array or a class as well.
template <class T>
consteval std::size_t count_by_braces() {
    std::size_t n = 0;
    if constexpr (requires { T{{}}; }) n = 1;
    if constexpr (requires { T{{},{}}; }) n = 2;
    if constexpr (requires { T{{},{},{}}; }) n = 3;
    if constexpr (requires { T{{},{},{},{}}; }) n = 4;
    if constexpr (requires { T{{},{},{},{},{}}; }) n = 5;
    if constexpr (requires { T{{},{},{},{},{},{}}; }) n = 6;
    if constexpr (requires { T{{},{},{},{},{},{},{}}; }) n = 7;
    if constexpr (requires { T{{},{},{},{},{},{},{},{}}; }) n = 8;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{}}; }) n = 9;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{}}; }) n = 10;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{}}; }) n = 11;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 12;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 13;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 14;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 15;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 16;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 17;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 18;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 19;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 20;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 21;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 22;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 23;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 24;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 25;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 26;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 27;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 28;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 29;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 30;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 31;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 32;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 33;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 34;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 35;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 36;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 37;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 38;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 39;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 40;
    if constexpr (requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) n = 41;
    return n;
}

/// Whether the member after the first `n`, which come from empty braces, comes from a Probe.
struct Accepted {
    bool bare = false;    ///< T{{}, {}, Probe{}}
    bool braced = false;  ///< T{{}, {}, {Probe{}}}

    /// Of a union: in braces of its own it asks for its first alternative.
    [[nodiscard]] constexpr bool only_bare() const { return bare && !braced; }
};
template <class T, std::size_t n, class Probe>
consteval Accepted accepts_after_braces() {
    if constexpr (n == 0) return {requires { T{Probe{}}; }, requires { T{{Probe{}}}; }};
    else if constexpr (n == 1) return {requires { T{{},Probe{}}; }, requires { T{{},{Probe{}}}; }};
    else if constexpr (n == 2) return {requires { T{{},{},Probe{}}; }, requires { T{{},{},{Probe{}}}; }};
    else if constexpr (n == 3) return {requires { T{{},{},{},Probe{}}; }, requires { T{{},{},{},{Probe{}}}; }};
    else if constexpr (n == 4) return {requires { T{{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 5) return {requires { T{{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 6) return {requires { T{{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 7) return {requires { T{{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 8) return {requires { T{{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 9) return {requires { T{{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 10) return {requires { T{{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 11) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 12) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 13) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 14) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 15) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 16) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 17) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 18) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 19) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 20) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 21) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 22) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 23) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 24) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 25) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 26) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 27) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 28) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 29) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 30) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 31) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 32) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 33) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 34) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 35) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 36) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 37) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 38) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 39) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else if constexpr (n == 40) return {requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},Probe{}}; }, requires { T{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{Probe{}}}; }};
    else return {};
}

/// visit(its members...); T may be const. max_fields at most.
template <std::size_t count, class T, class Visit>
constexpr decltype(auto) visit_fields(T& value, Visit visit) {
    if constexpr (count == 1) { auto& [m1] = value; return visit(m1); }
    else if constexpr (count == 2) { auto& [m1,m2] = value; return visit(m1,m2); }
    else if constexpr (count == 3) { auto& [m1,m2,m3] = value; return visit(m1,m2,m3); }
    else if constexpr (count == 4) { auto& [m1,m2,m3,m4] = value; return visit(m1,m2,m3,m4); }
    else if constexpr (count == 5) { auto& [m1,m2,m3,m4,m5] = value; return visit(m1,m2,m3,m4,m5); }
    else if constexpr (count == 6) { auto& [m1,m2,m3,m4,m5,m6] = value; return visit(m1,m2,m3,m4,m5,m6); }
    else if constexpr (count == 7) { auto& [m1,m2,m3,m4,m5,m6,m7] = value; return visit(m1,m2,m3,m4,m5,m6,m7); }
    else if constexpr (count == 8) { auto& [m1,m2,m3,m4,m5,m6,m7,m8] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8); }
    else if constexpr (count == 9) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9); }
    else if constexpr (count == 10) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10); }
    else if constexpr (count == 11) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11); }
    else if constexpr (count == 12) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12); }
    else if constexpr (count == 13) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13); }
    else if constexpr (count == 14) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14); }
    else if constexpr (count == 15) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15); }
    else if constexpr (count == 16) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16); }
    else if constexpr (count == 17) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17); }
    else if constexpr (count == 18) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18); }
    else if constexpr (count == 19) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19); }
    else if constexpr (count == 20) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20); }
    else if constexpr (count == 21) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21); }
    else if constexpr (count == 22) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22); }
    else if constexpr (count == 23) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23); }
    else if constexpr (count == 24) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24); }
    else if constexpr (count == 25) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25); }
    else if constexpr (count == 26) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26); }
    else if constexpr (count == 27) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27); }
    else if constexpr (count == 28) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28); }
    else if constexpr (count == 29) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29); }
    else if constexpr (count == 30) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30); }
    else if constexpr (count == 31) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31); }
    else if constexpr (count == 32) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32); }
    else if constexpr (count == 33) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33); }
    else if constexpr (count == 34) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34); }
    else if constexpr (count == 35) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35); }
    else if constexpr (count == 36) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36); }
    else if constexpr (count == 37) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37); }
    else if constexpr (count == 38) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38); }
    else if constexpr (count == 39) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39); }
    else if constexpr (count == 40) { auto& [m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39,m40] = value; return visit(m1,m2,m3,m4,m5,m6,m7,m8,m9,m10,m11,m12,m13,m14,m15,m16,m17,m18,m19,m20,m21,m22,m23,m24,m25,m26,m27,m28,m29,m30,m31,m32,m33,m34,m35,m36,m37,m38,m39,m40); }
}
// clang-format on

}  // namespace detail
PROCPOOL_END_NAMESPACE
