#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/journal.hpp>
#include <procpool/detail/namespace.hpp>

#include "face/journal_file.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// A call with a journal: what is known of its items already, and the writing down of what comes of
/// the others. Any thread; its lock is held for no longer than a disk takes.
class JournalCall {
public:
    /// Opens the journal. Throws as Journal says.
    JournalCall(const Journal& options, const JournalTerms& terms);

    /// Before a job is started whose items are all there, or that is fed: none of those that are
    /// known runs, and its sink hears of them what is known. Throws std::bad_alloc,
    /// std::system_error.
    static void attach(JobSpec& spec);
    void set_items(std::vector<std::uint64_t> hashes) { hashes_ = std::move(hashes); }

    /// What a call does with an item.
    enum class Item : std::uint8_t {
        runs,
        known,
        ends,  ///< known to have failed, and with fail_fast no more is started
    };
    /// The next item of a job that is fed. Throws std::bad_alloc.
    [[nodiscard]] Item add(std::span<const std::byte> bytes);
    /// A job that is fed has no more items than were added.
    void note_end() noexcept;

    /// Call it when it is due, or more often: writes down what has come. False if that fails, or
    /// has failed: the job is to be cancelled.
    bool tend() noexcept;
    [[nodiscard]] Clock::time_point due() const;
    /// All that has come is written, and on the disk. Throws std::system_error if it is not.
    void settle();

    // For the sink. None throws: an exception is the failure of the item, and returned so.
    enum class Fate : std::uint8_t {
        runs,
        known,
        cancelled,  ///< it would run, but for a known failure under fail_fast
    };
    [[nodiscard]] Fate fate_of(std::uint64_t item) const;
    /// Writes down a result, as it arrived. A failure if that fails.
    [[nodiscard]] std::optional<Failure> record(std::uint64_t item,
                                                std::span<const std::byte> bytes) noexcept;
    /// Writes down a failure.
    void record(std::uint64_t item, const Failure& failure) noexcept;
    /// Items that neither ran nor are known.
    void forget(std::uint64_t first, std::uint64_t last) noexcept;
    /// What is known of an item: its result as it would arrive, or its failure.
    struct Told {
        std::vector<std::byte> bytes;
        std::optional<Failure> failure;
    };
    [[nodiscard]] Told tell(std::uint64_t item) noexcept;

    [[nodiscard]] const JournalTerms& terms() const { return terms_; }
    /// Of the results as they arrive; 0: they vary.
    [[nodiscard]] std::size_t stride() const { return stride_; }

private:
    struct Entry {
        std::uint64_t input = 0;
        const JournalFile::Known* known = nullptr;
        bool is_cancelled = false;
        bool is_told = false;
    };

    [[nodiscard]] const JournalFile::Known* find(std::uint64_t index, std::uint64_t input) const;
    [[nodiscard]] const Entry* entry(std::uint64_t item) const;
    void add_items(const JobSpec& spec);
    void skip_known(JobSpec& spec);
    void note_count(std::uint64_t count) noexcept;
    std::optional<Failure> done(std::uint64_t item) noexcept;
    [[nodiscard]] bool has_all() const { return count_ && told_ == *count_; }
    [[nodiscard]] std::vector<std::byte> as_it_arrives(const JournalFile::Known& known) const;
    [[nodiscard]] Failure failure_of(const JournalFile::Known& known) const;

    const Journal options_;
    const JournalTerms terms_;
    std::size_t stride_ = 0;
    bool fail_fast_ = false;
    std::vector<std::uint64_t> hashes_;  // of items whose bytes the job does not have

    mutable std::mutex mutex_;
    std::optional<JournalFile> file_;  // until all has come
    std::deque<Entry> entries_;        // of items from `first_` on: those before have been told
    std::uint64_t first_ = 0;
    std::uint64_t told_ = 0;
    std::optional<std::uint64_t> count_;  // of all items, if that is known
    // The closure with what journal_thunk() needs before it, for the start of the job.
    std::vector<std::byte> closure_;
    std::vector<std::byte> code_;
    std::vector<std::byte> nothing_;  // what a search writes down of an item without a find
};

/// Is there a failure among what is known that a call reports again?
[[nodiscard]] bool is_reported(const JournalRecord& record, const Journal& options);

}  // namespace detail
PROCPOOL_END_NAMESPACE
