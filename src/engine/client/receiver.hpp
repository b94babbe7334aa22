#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/interface.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Between a job and its sink. A sink that runs no code of the program is told at once. For any
/// other one what came is kept, as a copy, until the thread that wants the job's answer calls
/// tell(): so no lock of the pool is held meanwhile, and no other thread runs that code. Guarded by
/// the pool's mutex.
class Receiver {
public:
    using Bytes = std::span<const std::byte>;

    explicit Receiver(std::shared_ptr<Sink> sink)
        : sink_(std::move(sink)),
          mail_(sink_ != nullptr && sink_->runs_user_code() ? std::make_unique<Mail>() : nullptr) {}

    /// Call it before the items of one more call below are marked as done: that one then throws
    /// nothing, as it must, or nobody would ever hear of them. Throws std::bad_alloc.
    void make_room() {
        if (mail_ != nullptr && mail_->kept.size() == mail_->kept.capacity()) [[unlikely]] {
            mail_->kept.reserve(2 * mail_->kept.size() + 1);
        }
    }

    /// As those of Sink.
    void results(std::uint64_t first, std::uint64_t count, Bytes bytes) {
        if (keeps()) {
            keep_copy(What::results, first, count, bytes);
        } else if (sink_ != nullptr) {
            sink_->results(first, count, bytes);
        }
    }
    void result(std::uint64_t item, std::vector<std::byte>&& bytes);
    void result(std::uint64_t item, Bytes bytes);
    void failed(std::uint64_t item, Failure&& failure);
    void dropped(std::uint64_t first, std::uint64_t last, Failure&& why);
    /// The payload of a frame of variable-sized results.
    void sized(std::uint64_t first, std::uint64_t count, Bytes payload);

    /// How many items have come that the sink has not heard of.
    [[nodiscard]] std::uint64_t untold() const { return mail_ == nullptr ? 0 : mail_->untold; }
    /// Tells the sink what has come, without the lock. If another thread is at that, it returns at
    /// once and false. The job must outlive the call.
    bool tell(std::unique_lock<std::mutex>& lock);
    /// The same, but waits for that other thread. False if it is not done at the deadline.
    bool tell(std::unique_lock<std::mutex>& lock, Clock::time_point deadline);

    /// The sink's word if it has heard all that came; otherwise that nothing is certain yet.
    [[nodiscard]] std::uint64_t certain_before() const {
        return sink_ != nullptr && untold() == 0 ? sink_->certain_before() : ~std::uint64_t{0};
    }

    /// The sink hears nothing more. Returns it, to be destroyed without the lock. Waits while
    /// another thread tells it something.
    [[nodiscard]] std::shared_ptr<Sink> forget(std::unique_lock<std::mutex>& lock);

private:
    enum class What : std::uint8_t { results, sized, result, failed, dropped };
    struct Kept {
        What what;
        std::uint64_t first;
        std::uint64_t count;
        std::variant<std::vector<std::byte>, Failure> content;
    };

    /// Of a sink that is not told at once.
    struct Mail {
        bool telling = false;      // a thread does, without the lock
        std::uint64_t untold = 0;  // items
        std::vector<Kept> kept;
        std::vector<std::byte> spare;  // memory of what was told, for what comes next
        std::condition_variable told;
    };

    [[nodiscard]] bool keeps() const { return mail_ != nullptr && sink_ != nullptr; }
    void keep_copy(What what, std::uint64_t first, std::uint64_t count, Bytes bytes);
    void keep(What what, std::uint64_t first, std::uint64_t count,
              std::variant<std::vector<std::byte>, Failure>&& content);
    static void tell_one(Sink& sink, Kept& kept) noexcept;

    std::shared_ptr<Sink> sink_;  // empty once it is forgotten
    const std::unique_ptr<Mail> mail_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
