#include <algorithm>
#include <new>
#include <utility>

#include <procpool/detail/failure.hpp>
#include <procpool/detail/sinks/collector.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

void FirstFailure::note(Failure failure) noexcept {
    const auto rank = [](const Failure& f) {
        return std::pair{f.kind == Failure::Kind::cancelled, f.index};
    };
    if (!failure_ || rank(failure) < rank(*failure_)) {
        failure_ = std::move(failure);
    }
}

void FirstFailure::note_dropped(std::uint64_t first, const Failure& why) noexcept {
    try {
        Failure failure = why;
        failure.index = first;
        note(std::move(failure));
    } catch (const std::bad_alloc&) {
        Failure bare;
        bare.kind = why.kind;
        bare.index = first;
        note(std::move(bare));
    }
}

void FirstFailure::throw_if_any() const {
    if (failure_) {
        throw_failure(*failure_);
    }
}

AnyCollector::AnyCollector() = default;
AnyCollector::~AnyCollector() = default;

void AnyCollector::results(std::uint64_t /*first*/, std::uint64_t /*count*/,
                           std::span<const std::byte> /*bytes*/) noexcept {}
void AnyCollector::result(std::uint64_t /*item*/, std::span<const std::byte> /*bytes*/) noexcept {}

void AnyCollector::failed(std::uint64_t item, Failure failure) noexcept {
    failure.index = item;
    failures_.note(std::move(failure));
}

void AnyCollector::dropped(std::uint64_t first, std::uint64_t /*last*/,
                           const Failure& why) noexcept {
    failures_.note_dropped(first, why);
}

bool AnyCollector::has_failed() const { return failures_.get().has_value(); }

void AnyCollector::fail_here(std::uint64_t item) noexcept {
    failed(item, decode_failure(encode_current_exception(item, 0)));
}

void AnyCollector::fail_each(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept {
    for_items(first, last - first, [&](std::uint64_t i) { failed(i, why); });
}

DoneSink::DoneSink(std::uint64_t /*count*/) {}
DoneSink::~DoneSink() = default;

void DoneSink::take() { failures_.throw_if_any(); }

}  // namespace detail
PROCPOOL_END_NAMESPACE
