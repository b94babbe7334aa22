#include <algorithm>
#include <bit>
#include <utility>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/slices.hpp>
#include <procpool/errors.hpp>

#include "memory/attached.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

thread_local KeptMemory* keeper = nullptr;

}  // namespace

void KeptMemory::add(const std::shared_ptr<const void>& memory) {
    // Slices of one vector follow each other, as a rule.
    if (std::find(memory_.rbegin(), memory_.rend(), memory) == memory_.rend()) {
        memory_.push_back(memory);
    }
}

void KeptMemory::give_to(JobSpec& spec) {
    if (memory_.empty()) {
        return;
    }
    if (spec.keep != nullptr) {
        memory_.push_back(std::move(spec.keep));
    }
    spec.keep = std::make_shared<const KeptMemory>(std::move(*this));
}

Keeping::Keeping(KeptMemory& kept) noexcept : outer_(std::exchange(keeper, &kept)) {}
Keeping::~Keeping() { keeper = outer_; }

std::uint64_t place_of(const std::byte* data, std::size_t bytes,
                       const std::shared_ptr<const void>& memory) {
    if (bytes == 0) {
        return 0;
    }
    if (keeper == nullptr) {
        throw NotShippable(
            "procpool: a shared_span travels to workers, as an item or an argument of a call, and "
            "not back from them: return a std::vector of its elements, or where they begin");
    }
    if (memory == nullptr || !memory::is_own(data, bytes)) {
        throw NotShippable(
            "procpool: this shared_span is of a shared_vector of another process, which a pool of "
            "this one does not keep alive: pass a copy, std::vector(span.begin(), span.end())");
    }
    keeper->add(memory);
    return std::bit_cast<std::uint64_t>(data);
}

const std::byte* shared_part(std::uint64_t place, std::uint64_t count, std::size_t size,
                             std::size_t alignment) {
    if (count == 0) {
        return nullptr;
    }
    const auto* const data = std::bit_cast<const std::byte*>(place);
    if (count > SIZE_MAX / size || !memory::is_readable(data, count * size) ||
        place % alignment != 0) {
        throw DecodeError(
            "procpool: a shared_span does not lie in shared memory; something wrote over it on its "
            "way");
    }
    return data;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
