#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

class JournalCall;

/// Before another sink: what comes of an item is written down, then passed on. Of an item that was
/// left out, as it is known what comes, that is passed on. It is told where nobody has a lock, as a
/// disk may take its time.
class JournalSink final : public Sink {
public:
    JournalSink(std::shared_ptr<JournalCall> call, std::shared_ptr<Sink> next);
    JournalSink(const JournalSink&) = delete;
    JournalSink& operator=(const JournalSink&) = delete;
    ~JournalSink() override;

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override;
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override;
    void failed(std::uint64_t item, Failure failure) noexcept override;
    void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept override;

    [[nodiscard]] bool runs_user_code() const noexcept override { return true; }
    [[nodiscard]] std::uint64_t certain_before() const noexcept override {
        return next_->certain_before();
    }

private:
    bool tell_left_out(std::uint64_t item) noexcept;

    const std::shared_ptr<JournalCall> call_;
    const std::shared_ptr<Sink> next_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
