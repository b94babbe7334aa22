#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/progress.hpp>
#include <procpool/detail/stream/fed_items.hpp>
#include <procpool/detail/stream/sink.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

class StopLink;

/// Where the items of a stream come from.
class Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    /// Adds the next item. False at the end. Throws what the range throws, and what the item's way
    /// into bytes does.
    virtual bool next(FedItems& items) = 0;
    /// How many there are in all, if that is known.
    [[nodiscard]] virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

/// All of a stream but its type: pulls items out of their source, feeds its job with them and waits
/// for what comes of them. At most `buffer` items are pulled and not consumed. For one thread at a
/// time.
class StreamCore {
public:
    /// Starts the job and pulls the first items.
    StreamCore(std::shared_ptr<Engine> engine, JobSpec& spec, bool ordered,
               std::shared_ptr<FedItems> items, std::shared_ptr<StreamSink> sink,
               std::unique_ptr<Source> source, const MapOptions& options);
    StreamCore(const StreamCore&) = delete;
    StreamCore& operator=(const StreamCore&) = delete;
    /// What has not started never will; does not wait.
    ~StreamCore();

    /// Is there nothing at the current position, because the range or the work has ended? May pull.
    [[nodiscard]] bool is_at_end(Clock::time_point deadline = Clock::time_point::max());
    /// Waits until it is known what is at the current position: a result, an error or the end.
    /// False if it is not at the deadline. May pull.
    [[nodiscard]] bool is_there(Clock::time_point deadline);
    /// Once that is known: throws if it is no result.
    void check() const;
    void await() {
        static_cast<void>(is_there(Clock::time_point::max()));
        check();
    }
    void advance() noexcept;

private:
    void let_go() noexcept;
    [[nodiscard]] bool is_known() const;
    [[nodiscard]] std::uint64_t room() const;
    [[nodiscard]] bool is_time_to_pull();
    void pull();
    void ask_for_more();
    bool pull_one();
    void feed();
    void end() noexcept;
    void fail() noexcept;
    void note_stop();
    void wait(Clock::time_point deadline);
    void look_up();
    void tend_journal();
    void settle() noexcept;

    const std::shared_ptr<Engine> engine_;
    const std::shared_ptr<FedItems> items_;
    const std::shared_ptr<StreamSink> sink_;
    std::unique_ptr<Source> source_;  // empty: it has ended
    const std::uint64_t buffer_;
    const std::uint64_t workers_;
    JobHandle job_;
    const std::stop_token stop_;
    std::exception_ptr error_;  // at the position behind the last item
    bool is_fed_ = true;        // its job may get more items
    std::uint64_t pulled_ns_ = 0;
    std::unique_ptr<ProgressBar> bar_;
    std::shared_ptr<JournalCall> journal_;  // null: none
    std::unique_ptr<StopLink> stop_link_;
};

/// The buffer that the options ask for: items that may run ahead. Throws std::invalid_argument.
[[nodiscard]] std::size_t checked_buffer(std::size_t buffer, int processes);

}  // namespace detail
PROCPOOL_END_NAMESPACE
