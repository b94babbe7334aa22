#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/outcome.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The failure of the lowest index. One that was only cancelled is not it, unless there is no
/// other.
class FirstFailure {
public:
    void note(Failure failure) noexcept;
    void note_dropped(std::uint64_t first, const Failure& why) noexcept;

    [[nodiscard]] const std::optional<Failure>& get() const { return failure_; }
    [[gnu::hot]] void throw_if_any() const;

private:
    std::optional<Failure> failure_;
};

/// What all collectors have in common, whatever they collect: unless they say otherwise, results
/// are dropped and the first failure is kept.
class AnyCollector : public Sink {
public:
    [[gnu::hot]] AnyCollector();
    AnyCollector(const AnyCollector&) = delete;
    AnyCollector& operator=(const AnyCollector&) = delete;
    [[gnu::hot]] ~AnyCollector() override;

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override;
    void result(std::uint64_t item, std::span<const std::byte> bytes) noexcept override;
    void failed(std::uint64_t item, Failure failure) noexcept override;
    void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept override;

    /// True if take() throws, or threw.
    [[nodiscard]] virtual bool has_failed() const;
    /// Of the one item, if it is known.
    [[nodiscard]] const Account& account() const { return account_; }
    /// What take() throws as the failure of an item; null if there is none.
    [[nodiscard]] const Failure* failure() const {
        return failures_.get() ? &*failures_.get() : nullptr;
    }

protected:
    /// Calls body(i) for each item. What it throws is the failure of that item.
    template <class Body>
    void for_items(std::uint64_t first, std::uint64_t count, Body body) noexcept {
        for (std::uint64_t i = first; i < first + count; ++i) {
            try {
                body(i);
            } catch (...) {
                fail_here(i);
            }
        }
    }
    /// Calls failed() for each item.
    void fail_each(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept;

    FirstFailure failures_;
    Account account_;

private:
    /// The exception in flight is the failure of the item. Only inside a catch block.
    void fail_here(std::uint64_t item) noexcept;
};

/// A sink from which the caller takes what came of the job, once it is resolved. Throws what the
/// call throws.
template <class T>
class Collector : public AnyCollector {
public:
    using Value = T;
    static constexpr bool may_be_certain_early = false;

    virtual T take() = 0;
};

/// Of calls without a value, or with results that are in their place already.
class DoneSink final : public Collector<void> {
public:
    explicit DoneSink(std::uint64_t count = 0);  // as the others; nothing is kept of the items
    DoneSink(const DoneSink&) = delete;
    DoneSink& operator=(const DoneSink&) = delete;
    ~DoneSink() override;

    void take() override;
    [[nodiscard]] bool runs_user_code() const noexcept override { return false; }
};

/// Are results of type R taken in as they are, byte by byte, with no code of the program's?
template <class R>
inline constexpr bool is_copied = std::is_void_v<R> || Trivial<R>;

/// The i-th of fixed-size results. Throws DecodeError if it is not there, as it never is where
/// results vary in size.
template <class R>
[[nodiscard]] R read_result(std::span<const std::byte> bytes, std::uint64_t i) {
    constexpr std::size_t size = Codec<R>::fixed_size;
    if constexpr (size == 0) {
        throw_short_frame(1, 0);
    }
    const std::size_t offset = i * size;
    if (bytes.size() < offset + size) {
        throw_short_frame(offset + size, bytes.size());
    }
    Reader from{bytes.subspan(offset, size)};
    return Codec<R>::read(from);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
