#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/words.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What happened when, for PROCPOOL_TRACE (docs/protocol.md, part 9): rings of records, each with
/// one writer, in the shared region. The client reads them.
namespace engine {

/// What a record is about. All but the first two are seldom.
enum class RecordKind : std::uint16_t {
    items = 1,    ///< a worker ran `count` items from `first` on
    rest = 2,     ///< a worker waited for work
    start = 3,    ///< a worker came to life in place `first`
    fork = 4,     ///< the fork server filled place `first`
    death = 5,    ///< process `pid` ended; the text says how
    failure = 6,  ///< item `first` has no result; the text says why
    job = 7,      ///< `count` calls, the last of them number `serial`, of `first` items
    wait = 8,     ///< a thread of a client waited
    process = 9,  ///< process `pid` is called as the text says
    lost = 10,    ///< `count` records of process `pid` found no room
};
inline constexpr auto last_record_kind = RecordKind::lost;

struct TimelineRecord {
    static constexpr std::size_t longest_text = 200;

    std::uint64_t began = 0;  ///< ns of the monotonic clock
    std::uint64_t ended = 0;  ///< the same as `began` for what takes no time
    std::uint64_t first = 0;
    std::uint64_t serial = 0;  ///< of the job
    std::uint32_t count = 0;
    std::int32_t pid = 0;
    std::uint32_t track = 0;  ///< of the process: 0 is its own
    RecordKind kind{};
    std::uint16_t size = 0;  ///< bytes of the text
    std::array<char, longest_text> text{};

    void set_text(std::string_view words);
    /// The text of a record that anybody may have written.
    [[nodiscard]] std::string_view read_text() const {
        return {text.data(), size < longest_text ? size : longest_text};
    }
};

/// A ring of records, as its writer sees and writes it.
struct TimelinePages {
    static constexpr std::uint64_t capacity = 1024;

    alignas(os::page_size) Word tail{0};  ///< records published
    Word open{0};     ///< 1 + the number of the record that is still extended; 0: there is none
    Word dropped{0};  ///< records for which there was no room
    alignas(cache_line) std::array<TimelineRecord, capacity> records{};

    [[nodiscard]] TimelineRecord& at(std::uint64_t number) { return records[number % capacity]; }
    [[nodiscard]] const TimelineRecord& at(std::uint64_t number) const {
        return records[number % capacity];
    }
};

/// Writes one ring. For one thread at a time.
class TimelineWriter {
public:
    TimelineWriter() = default;
    /// `head`: how many records were read, written by the reader.
    TimelineWriter(TimelinePages& pages, const Word& head, const Word& quantum_ns);

    explicit operator bool() const { return pages_ != nullptr; }
    /// What is shorter is merged with its neighbours, or left out.
    [[nodiscard]] std::uint64_t quantum_ns() const {
        return quantum_ns_->load(std::memory_order_relaxed);
    }

    /// Goes on behind what another process has written meanwhile.
    void catch_up() {
        if (pages_ != nullptr) {
            *this = TimelineWriter(*pages_, *head_, *quantum_ns_);
        }
    }

    /// Adds a record, behind the one that is still extended.
    void add(const TimelineRecord& record);
    /// Items of a job were run: extends the last record if it is about the same job and they came
    /// right behind it, as long as it then is shorter than the quantum.
    void add_items(std::uint64_t began, std::uint64_t ended, std::uint64_t first,
                   std::uint64_t count, std::uint64_t serial, std::int32_t pid);

private:
    [[nodiscard]] TimelineRecord* next();
    void publish();

    TimelinePages* pages_ = nullptr;
    const Word* head_ = nullptr;
    const Word* quantum_ns_ = nullptr;
    std::uint64_t tail_ = 0;
    TimelineRecord* open_ = nullptr;  // not published yet
};

/// The ring of the worker that this process is, which threads of a task write to as well if it has
/// a pool of its own.
namespace own_timeline {

/// From here on this process is a worker, which writes there if there is such a ring. Call it while
/// it has one thread.
void set(const TimelineWriter& writer) noexcept;
/// A copy of this worker takes its place for a while (docs/protocol.md, part 4, "Pristine items"):
/// call the one in the copy, where a thread of the worker's may have held the lock, the other in
/// the worker when the copy has ended.
void begin_copy() noexcept;
void end_copy() noexcept;
/// Is this process a worker, or did one fork it?
[[nodiscard]] bool is_below_worker() noexcept;
/// Is this process a worker with such a ring?
[[nodiscard]] bool exists() noexcept;
/// While its pages may not be written to, what others add is left out.
void allow_writing(bool may) noexcept;
void add(const TimelineRecord& record) noexcept;
void add_items(std::uint64_t began, std::uint64_t ended, std::uint64_t first, std::uint64_t count,
               std::uint64_t serial) noexcept;
[[nodiscard]] std::uint64_t quantum_ns() noexcept;

}  // namespace own_timeline

}  // namespace engine
PROCPOOL_END_NAMESPACE
