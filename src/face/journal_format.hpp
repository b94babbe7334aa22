#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// The bytes of a journal (docs/journal.md). Whoever reads them believes nothing: another program
// may have written them, or a disk.

/// A hash of bytes that come piece by piece; every piece but the last is a multiple of 8 bytes.
class JournalHash {
public:
    enum class Of : std::uint64_t { item = 1, type = 2, header = 3, record = 4, payload = 5 };

    explicit JournalHash(Of what);
    void add(std::span<const std::byte> bytes);
    [[nodiscard]] std::uint64_t get() const;

    static std::uint64_t of(Of what, std::span<const std::byte> bytes) {
        JournalHash hash(what);
        hash.add(bytes);
        return hash.get();
    }

private:
    std::uint64_t state_;
    std::uint64_t size_ = 0;
};

/// Of which results a journal is.
struct JournalType {
    std::uint64_t hash = 0;
    std::string name;
};

/// The first bytes of a journal.
[[nodiscard]] std::vector<std::byte> journal_header(const JournalType& type);

inline constexpr std::size_t most_type_name = 1024;  // bytes
inline constexpr std::size_t most_header = 32 + most_type_name;

struct JournalHeader {
    JournalType type;
    std::size_t size = 0;  // bytes
};
/// What the header says. Nothing if it is none, or is not whole.
[[nodiscard]] std::optional<JournalHeader> read_journal_header(std::span<const std::byte> bytes);
/// May these be the first bytes of a header, of which the rest was never written?
[[nodiscard]] bool begins_journal_header(std::span<const std::byte> bytes);

enum class JournalKind : std::uint32_t { value = 1, failed = 2, quarantine = 3, call = 4 };

struct JournalRecord {
    std::uint32_t mark = 0;
    JournalKind kind = JournalKind::value;
    std::uint64_t index = 0;  ///< of a call: how many items it has
    std::uint64_t input = 0;
    std::int64_t duration_ns = 0;
    std::uint32_t attempts = 0;
    std::uint32_t unused = 0;
    std::uint64_t size = 0;  ///< of the payload
    std::uint64_t payload_hash = 0;
    std::uint64_t hash = 0;  ///< of all before

    static constexpr std::uint32_t right_mark = 0x4a52'6331;

    /// Says all that depends on the rest.
    void seal(std::span<const std::byte> payload);
    /// Is it one, but for its payload?
    [[nodiscard]] bool is_whole() const;
};
static_assert(sizeof(JournalRecord) == 64 && std::is_trivially_copyable_v<JournalRecord>);

/// A file to read: fills the buffer from there on, or throws.
using ReadAt = std::function<void(std::uint64_t offset, std::span<std::byte> buffer)>;

/// What a walk through a journal finds.
struct JournalScan {
    /// The end of the last whole record, or of the header.
    std::uint64_t end = 0;
    std::uint64_t records = 0;
    std::uint64_t damaged = 0;  ///< bytes before `end` that belong to no record

    struct Found {
        JournalRecord record;
        std::uint64_t payload_at = 0;
    };
};
/// Calls found() for each whole record between the header and `size`. Throws what `read` and
/// it throw, and std::bad_alloc.
JournalScan scan_journal(const ReadAt& read, std::uint64_t header, std::uint64_t size,
                         const std::function<void(const JournalScan::Found&)>& found);

}  // namespace detail
PROCPOOL_END_NAMESPACE
