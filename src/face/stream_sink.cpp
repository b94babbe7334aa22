#include <utility>

#include <procpool/detail/stream/sink.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

StreamSink::StreamSink(bool ordered, std::shared_ptr<FedItems> items)
    : ordered_(ordered), items_(std::move(items)) {}
StreamSink::~StreamSink() = default;

void StreamSink::dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept {
    for_items(first, last - first,
              [&](std::uint64_t i, std::uint64_t position) { fail(i, position, why); });
}

void StreamSink::fail(std::uint64_t item, std::uint64_t position, Failure failure) noexcept {
    try {
        failure.index = item;
        set_failure(position, failure);
    } catch (...) {
        lost_ = true;
    }
}

void StreamSink::fail_here(std::uint64_t item, std::uint64_t position) noexcept {
    fail(item, position, decode_failure(encode_current_exception(item, 0)));
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
