#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// Ranges, without <ranges>: whatever a range-based `for` accepts.

namespace range_access {
using std::begin;
using std::end;
template <class Range>
constexpr auto first(Range& range) -> decltype(begin(range)) {
    return begin(range);
}
template <class Range>
constexpr auto last(Range& range) -> decltype(end(range)) {
    return end(range);
}
}  // namespace range_access

template <class Range>
using Iterator = decltype(range_access::first(std::declval<std::remove_reference_t<Range>&>()));
template <class Range>
using Sentinel = decltype(range_access::last(std::declval<std::remove_reference_t<Range>&>()));
template <class Range>
using Reference = decltype(*std::declval<Iterator<Range>&>());

template <class Range>
concept AnyRange = requires(Iterator<Range> at, Sentinel<Range> end) {
    *at;
    ++at;
    static_cast<bool>(at != end);
};
/// Explains itself when what was passed is no range.
template <class Range>
constexpr void require_range() {
    constexpr bool is_range = AnyRange<Range>;  // of a concept g++ would explain each part
    static_assert(is_range,
                  "procpool: the second argument is no range, nothing that `for (auto&& item : "
                  "range)` accepts: pass the items in a container; for a single call use apply(f, "
                  "arguments...)");
}

/// Its iterators say how far it goes, and any of its items can be reached; size() is not asked.
template <class Range>
concept RandomAccess = AnyRange<Range> && std::random_access_iterator<Iterator<Range>> &&
                       std::sized_sentinel_for<Sentinel<Range>, Iterator<Range>>;
template <class Range>
concept Contiguous = RandomAccess<Range> && std::contiguous_iterator<Iterator<Range>>;
/// Can be walked twice, and refers to values that are there.
template <class Range>
concept Repeatable = AnyRange<Range> && std::forward_iterator<Iterator<Range>> &&
                     std::is_lvalue_reference_v<Reference<Range>>;

/// It says by its type that it has no end.
template <class Range>
concept Endless = AnyRange<Range> && std::is_same_v<Sentinel<Range>, std::unreachable_sentinel_t>;
/// Explains itself where all of a range is wanted.
template <class Range>
constexpr void require_end() {
    constexpr bool has_an_end = !Endless<Range>;
    static_assert(has_an_end,
                  "procpool: this range has no end, and the call waits for all of it: take a part "
                  "of it (std::views::take), read results as they come (imap), or search it "
                  "(find_first, find_any)");
}

/// What a list in braces becomes: the list itself is gone when the call returns.
template <class T>
auto listed(std::initializer_list<T> items) {
    using Kept = std::conditional_t<std::is_same_v<T, const char*>, std::string, T>;
    return std::vector<Kept>(items.begin(), items.end());
}

template <class Range>
struct ItemOf {
    using type = std::remove_cvref_t<Reference<Range>>;
};
template <class Range>
requires requires { typename std::iter_value_t<Iterator<Range>>; }
struct ItemOf<Range> {
    using type = std::remove_cv_t<std::iter_value_t<Iterator<Range>>>;
};
/// The type of a range's values: `bool` for a vector<bool>, not what stands for it.
template <AnyRange Range>
using Item = typename ItemOf<Range>::type;

template <RandomAccess Range>
std::uint64_t count_of(Range& range) {
    const auto count = range_access::last(range) - range_access::first(range);
    return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

/// Specialised for containers whose elements lie in the shared region: they are not copied.
template <class Container>
struct SharedStorage {
    static constexpr bool exists = false;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
