// fuzz: longest input 16384
#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <procpool/detail/sinks.hpp>

#include "engine/client/frames.hpp"
#include "fuzz.hpp"

// Frames of a result ring, one after the other, with any header, into each kind of sink. However
// wrong they are, no item is told twice, and what comes out is a value or an exception.

namespace procpool::fuzz {
namespace {

constexpr std::uint64_t item_count = 40;

/// Passes on what it is told, and counts.
template <class Inner>
class Counting final : public detail::Sink {
public:
    template <class... A>
    explicit Counting(A... a) : inner(a...) {}

    void results(std::uint64_t first, std::uint64_t count, Bytes bytes) noexcept override {
        tell(first, first + count);
        inner.results(first, count, bytes);
    }
    void result(std::uint64_t item, Bytes bytes) noexcept override {
        tell(item, item + 1);
        inner.result(item, bytes);
    }
    void failed(std::uint64_t item, detail::Failure failure) noexcept override {
        tell(item, item + 1);
        inner.failed(item, std::move(failure));
    }
    void dropped(std::uint64_t first, std::uint64_t last,
                 const detail::Failure& why) noexcept override {
        tell(first, last);
        inner.dropped(first, last, why);
    }

    [[nodiscard]] bool runs_user_code() const noexcept override { return inner.runs_user_code(); }

    Inner inner;

private:
    void tell(std::uint64_t first, std::uint64_t last) {
        require(first <= last && last <= item_count);
        for (; first < last; ++first) {
            require(!std::exchange(told_[first], true));
        }
    }
    bool told_[item_count] = {};
};

template <class Sink, class... A>
void check(Bytes bytes, std::uint64_t stride, A... a) {
    const auto sink = std::make_shared<Counting<Sink>>(a...);
    engine::Job job(sink);
    job.count = item_count;
    job.fail_fast = true;
    while (!bytes.empty()) {
        engine::FrameHeader header;
        header.kind = static_cast<engine::FrameKind>(take_byte(bytes) % 9);
        header.first = take_byte(bytes) % (item_count + 2);
        header.count = take_byte(bytes);
        if (header.count == 255) {
            header.count = ~std::uint32_t{0};
        }
        header.bytes =
            static_cast<std::uint32_t>(std::min<std::size_t>(take_byte(bytes), bytes.size()));
        if (!engine::take_frame(job, stride, header, bytes.first(header.bytes))) {
            break;
        }
        bytes = bytes.subspan(header.bytes);
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    require(job.receiver.tell(lock) && job.told() == job.done.total());
    try {
        static_cast<void>(sink->inner.take());
    } catch (const std::exception& error) {
        require(error.what() != nullptr);
    }
}

}  // namespace

void decode(Bytes bytes) {
    using Text = std::optional<std::string>;
    switch (take_byte(bytes) % 8) {
        case 0:
            return check<detail::VectorSink<double>>(bytes, sizeof(double), item_count);
        case 1:
            return check<detail::VectorSink<std::string>>(bytes, 0, item_count);
        case 2:
            return check<detail::VectorSink<std::vector<Text>>>(bytes, 0, item_count);
        case 3:
            return check<detail::OutcomeSink<std::pair<int, char>>>(bytes, 5, item_count);
        case 4:
            return check<detail::OutcomeSink<Text>>(bytes, 0, item_count);
        case 5:
            return check<detail::OutcomeSink<void>>(bytes, 0, item_count);
        case 6:
            return check<detail::FindSink<int>>(bytes, 5, true);
        default:
            return check<detail::FindSink<std::string>>(bytes, 0, false);
    }
}

}  // namespace procpool::fuzz
