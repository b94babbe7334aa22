#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>
#include <procpool/detail/sinks/outcomes.hpp>
#include <procpool/detail/stream/fed_items.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Of a stream, whatever its results are: which of them are there. A position is a place in the
/// order in which the stream gives them. Everything happens on the thread that uses the stream.
class StreamSink : public Sink {
public:
    StreamSink(bool ordered, std::shared_ptr<FedItems> items);
    StreamSink(const StreamSink&) = delete;
    StreamSink& operator=(const StreamSink&) = delete;
    ~StreamSink() override;

    /// Positions that were given, or passed over.
    [[nodiscard]] std::uint64_t consumed() const { return consumed_; }
    /// Items of which something has come.
    [[nodiscard]] std::uint64_t told() const { return told_; }
    /// Was there no memory even to say what failed?
    [[nodiscard]] bool has_lost() const { return lost_; }

    /// Is the result at the current position there?
    [[nodiscard]] virtual bool is_ready() const noexcept = 0;
    /// Goes on to the next position, whether that of now is there or not.
    virtual void advance() noexcept = 0;
    /// Makes room for positions before `end`, so that what comes finds it. Throws std::bad_alloc.
    virtual void make_room(std::uint64_t end) = 0;

    void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept override;

protected:
    /// Something has come of items [first, first + count): calls body(i, position) for each that is
    /// still wanted. What it throws is the failure of that item.
    template <class Body>
    void for_items(std::uint64_t first, std::uint64_t count, Body body) noexcept {
        items_->release(first, count);
        told_ += count;
        for (std::uint64_t i = first; i < first + count; ++i) {
            const std::uint64_t position = ordered_ ? i : arrived_++;
            if (position < consumed_) {
                continue;
            }
            try {
                body(i, position);
            } catch (...) {
                fail_here(i, position);
            }
        }
    }
    virtual void set_failure(std::uint64_t position, const Failure& failure) = 0;
    void fail(std::uint64_t item, std::uint64_t position, Failure failure) noexcept;

    std::uint64_t consumed_ = 0;

private:
    /// The exception in flight is the failure of the item. Only inside a catch block.
    void fail_here(std::uint64_t item, std::uint64_t position) noexcept;

    const bool ordered_;
    const std::shared_ptr<FedItems> items_;
    std::uint64_t arrived_ = 0;
    std::uint64_t told_ = 0;
    bool lost_ = false;
};

/// Keeps what has come until it is consumed: outcomes, Outcome<S>.
template <class S>
class OutcomeQueue : public StreamSink {
public:
    using StreamSink::StreamSink;

    /// At the current position.
    [[nodiscard]] Outcome<S>& current() { return at(consumed_); }

    [[nodiscard]] bool is_ready() const noexcept override {
        return consumed_ < room_end_ && !is_pending(slots_[consumed_ & (slots_.size() - 1)]);
    }
    void advance() noexcept override {
        if (consumed_ < room_end_) {
            outcome_state(at(consumed_)).template emplace<0>();
        }
        ++consumed_;
    }
    void make_room(std::uint64_t end) override {
        if (end > consumed_ && end - consumed_ > slots_.size()) {
            grow(end - consumed_);
        }
        room_end_ = end > room_end_ ? end : room_end_;
    }

    void failed(std::uint64_t item, Failure failure) noexcept override {
        this->for_items(item, 1, [&](std::uint64_t i, std::uint64_t position) {
            this->fail(i, position, std::move(failure));
        });
    }

protected:
    [[nodiscard]] Outcome<S>& at(std::uint64_t position) {
        return slots_[position & (slots_.size() - 1)];
    }
    void set_failure(std::uint64_t position, const Failure& failure) override {
        detail::set_failure(at(position), failure);
    }

private:
    static bool is_pending(const Outcome<S>& outcome) {
        return outcome_state(outcome).index() == 0;
    }

    void grow(std::uint64_t least) {
        std::size_t size = slots_.empty() ? 8 : slots_.size();
        while (size < least) {
            size *= 2;
        }
        std::vector<Outcome<S>> slots;
        slots.reserve(size);
        for (std::size_t i = 0; i < size; ++i) {
            slots.emplace_back(Pending{});
        }
        for (std::uint64_t i = consumed_; i < room_end_; ++i) {
            slots[i & (size - 1)] = std::move(at(i));
        }
        slots_ = std::move(slots);
    }

    std::vector<Outcome<S>> slots_;  // a ring: their number is a power of two
    std::uint64_t room_end_ = 0;     // positions before it have a slot
};

/// Of a stream over a callable that returns R.
template <class R, class S = R>
class ResultQueue final : public OutcomeQueue<S> {
public:
    using OutcomeQueue<S>::OutcomeQueue;

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override {
        this->for_items(first, count, [&](std::uint64_t i, std::uint64_t position) {
            if constexpr (std::is_void_v<R>) {
                outcome_state(this->at(position)).template emplace<1>();
            } else {
                outcome_state(this->at(position))
                    .template emplace<1>(read_result<R>(bytes, i - first));
            }
        });
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        this->for_items(item, 1, [&](std::uint64_t, std::uint64_t position) {
            if constexpr (std::is_void_v<R>) {  // only a damaged worker sends such
                outcome_state(this->at(position)).template emplace<1>();
            } else {
                outcome_state(this->at(position)).template emplace<1>(read_frame<R>(bytes));
            }
        });
    }
};

/// The same with the account of each item.
template <class R>
class AccountedQueue final : public OutcomeQueue<R> {
public:
    using OutcomeQueue<R>::OutcomeQueue;

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override {
        this->for_items(first, count, [&](std::uint64_t i, std::uint64_t position) {
            set_result(this->at(position), i, read_result<Accounted<R>>(bytes, i - first));
        });
    }
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override {
        this->for_items(item, 1, [&](std::uint64_t i, std::uint64_t position) {
            set_result(this->at(position), i, read_frame<Accounted<R>>(bytes));
        });
    }
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
