#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <procpool/detail/draft.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/sinks/collector.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Which items belong together: runs of one length, but for the last.
struct Blocks {
    std::uint64_t length = 1;
    std::uint64_t items = 0;

    [[nodiscard]] std::uint64_t count() const {
        return items / length + (items % length != 0 ? 1 : 0);
    }
    [[nodiscard]] std::uint64_t begin(std::uint64_t block) const { return block * length; }
    [[nodiscard]] std::uint64_t end(std::uint64_t block) const {
        const std::uint64_t first = begin(block);
        return items - first > length ? first + length : items;
    }
};

/// The blocks of a reduction of so many items. `length` 0: so that workers have enough of them to
/// share, and partial values are few beside the items; fewer if values are `large`.
[[nodiscard]] Blocks blocks_for(std::uint64_t items, std::size_t length, bool large);

/// Which items of the range the items of a job stand for: the first `added` for none, then each for
/// `span` of them.
struct Origin {
    std::uint64_t span = 1;
    std::uint64_t added = 0;

    [[nodiscard]] std::uint64_t of(std::uint64_t item) const {
        return item < added ? 0 : (item - added) * span;
    }
};

/// Partial values of a reduction as the workers wrote them: nothing of them is believed.
struct Partials {
    std::uint64_t count = 0;
    Origin origin;
    std::size_t size = 0;          ///< bytes of each; 0: they differ
    std::vector<std::byte> equal;  ///< side by side, if they have one size
    std::vector<std::vector<std::byte>> sized;

    [[nodiscard]] std::span<const std::byte> frame(std::uint64_t i) const;
};

/// The partial values as the items of a job, in the form in which Items reads them.
void pack_partials(Draft& draft, const Partials& partials, const std::vector<std::byte>* first);

/// Of a reduction: the partial value of each block. A failure is that of an item of the range.
class PartialSink final : public Collector<Partials> {
public:
    /// `size`: bytes of a partial value; 0: they differ.
    PartialSink(const Blocks& blocks, const Origin& origin, std::size_t size);
    PartialSink(const PartialSink&) = delete;
    PartialSink& operator=(const PartialSink&) = delete;
    ~PartialSink() override;

    void results(std::uint64_t first, std::uint64_t count,
                 std::span<const std::byte> bytes) noexcept override;
    void result(std::uint64_t block, std::span<const std::byte> bytes) noexcept override;
    void failed(std::uint64_t block, Failure failure) noexcept override;
    void dropped(std::uint64_t first, std::uint64_t last, const Failure& why) noexcept override;
    [[nodiscard]] bool runs_user_code() const noexcept override { return false; }

    Partials take() override;

private:
    void set(std::uint64_t block, std::span<const std::byte> bytes);

    const Blocks blocks_;
    const Origin origin_;
    Partials partials_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
