#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "face/journal_format.hpp"
#include "os/kept_file.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// "procpool: the journal 'run.journal' "
[[nodiscard]] std::string journal_named(const std::string& path);

/// A file that this call alone writes: no other program, and no other call of this one.
class LockedFile {
public:
    /// Opens it, or makes it. Throws std::runtime_error if another one has it, std::system_error if
    /// that fails.
    explicit LockedFile(const std::string& path);
    LockedFile(const LockedFile&) = delete;
    LockedFile& operator=(const LockedFile&) = delete;
    ~LockedFile();

    [[nodiscard]] const os::Fd& fd() const { return file_.fd(); }
    /// Did the program close it? Its number may be that of another file by now.
    [[nodiscard]] bool is_lost() const { return file_.is_lost(); }

private:
    os::KeptFd file_;
    os::FileIdentity is_;
};

/// Throws std::runtime_error if a call of this program writes the file: to close another descriptor
/// of it would end its lock.
void check_not_written_here(const std::string& path);

/// A journal that a call writes. For one thread at a time.
class JournalFile {
public:
    /// What it knows of an item: its newest record.
    struct Known {
        JournalRecord record;
        std::uint64_t payload_at = 0;
    };

    /// Opens the file, or makes it, takes its lock, finds out what is known, and cuts a torn tail.
    /// Throws as Journal says.
    JournalFile(const std::string& path, const JournalType& type, bool sync);
    JournalFile(const JournalFile&) = delete;
    JournalFile& operator=(const JournalFile&) = delete;
    /// Writes what is to be written.
    ~JournalFile();

    /// Of all items by index and input, each once.
    [[nodiscard]] std::span<const Known> known() const { return known_; }
    [[nodiscard]] const Known* find(std::uint64_t index, std::uint64_t input) const;
    /// How many items the last call had.
    [[nodiscard]] std::optional<std::uint64_t> last_count() const { return last_count_; }
    /// Throws std::system_error, or std::runtime_error if it has changed.
    [[nodiscard]] std::vector<std::byte> payload(const Known& known) const;

    /// Appends a record, at the latest at the next flush(). False, then and ever after, if that
    /// failed: see check().
    bool append(JournalRecord record, std::span<const std::byte> payload) noexcept;
    bool flush() noexcept;
    /// The same, and all of it is on the disk.
    bool sync() noexcept;
    [[nodiscard]] bool has_failed() const { return static_cast<bool>(error_); }
    /// Throws std::system_error if something could not be written.
    void check() const;

    // When what was appended was not written, or is not on the disk: since then. 0: all is.
    [[nodiscard]] std::uint64_t flushed_ns() const { return flushed_ns_; }
    [[nodiscard]] bool is_written() const { return buffer_.empty(); }
    [[nodiscard]] std::uint64_t unsynced_since_ns() const { return unsynced_since_ns_; }

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    void open_new(std::span<const std::byte> header);
    void read_all(const JournalHeader& header, std::uint64_t size);
    bool write(std::span<const std::byte> bytes) noexcept;
    void cut_back() noexcept;
    bool fail(int error) noexcept;

    const std::string path_;
    const bool sync_;
    const std::uint64_t owner_;
    const LockedFile locked_;
    const os::Fd& file_;
    std::vector<Known> known_;
    std::optional<std::uint64_t> last_count_;
    std::uint64_t end_ = 0;  // of what is written
    std::vector<std::byte> buffer_;
    std::uint64_t flushed_ns_ = 0;
    std::uint64_t unsynced_since_ns_ = 0;
    std::error_code error_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
