#include <algorithm>

#include <procpool/detail/failure.hpp>
#include <procpool/detail/sinks/find.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

constexpr std::uint64_t undecided = ~std::uint64_t{0};

/// The first item whose error would have ended a search that goes item by item.
std::uint64_t first_error(const FirstFailure& failures) {
    const auto& failure = failures.get();
    return failure && failure->kind != Failure::Kind::cancelled ? failure->index : undecided;
}

}  // namespace

std::uint64_t Search::certain_before(const FirstFailure& failures) const noexcept {
    if (!lowest_) {
        return found_ ? 0 : undecided;
    }
    return std::min(found_ ? index_ : undecided, first_error(failures));
}

void Search::throw_if_failed(const FirstFailure& failures) const {
    if (!found_ || (lowest_ && first_error(failures) < index_)) {
        failures.throw_if_any();
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
