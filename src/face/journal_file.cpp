#include "face/journal_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "os/clock.hpp"
#include "os/file.hpp"
#include "os/own.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// So much is kept before it is written.
constexpr std::size_t largest_buffer = std::size_t{256} << 10U;

std::system_error could_not(int error, const std::string& path, const char* what) {
    return {error, std::generic_category(), journal_named(path) + what};
}

[[noreturn]] void throw_in_use(const std::string& path, const std::string& by) {
    throw std::runtime_error(journal_named(path) + "is being written by " + by +
                             ": wait until that has ended, or name another file");
}

/// The journals that calls of this process have.
struct OpenJournals {
    std::mutex mutex;
    std::vector<os::FileIdentity> files;

    void check_free(const std::string& path) const {
        const os::FileIdentity file = os::identity_at(path.c_str());
        if (file && std::ranges::find(files, file) != files.end()) {
            throw_in_use(path, "another call of this program");
        }
    }
};

auto key_of(const JournalFile::Known& known) {
    return std::pair{known.record.index, known.record.input};
}

}  // namespace

std::string journal_named(const std::string& path) {
    return "procpool: the journal '" + path + "' ";
}

void check_not_written_here(const std::string& path) {
    auto& open = os::own<OpenJournals>();
    const std::scoped_lock lock(open.mutex);
    open.check_free(path);
}

LockedFile::LockedFile(const std::string& path) {
    auto& open = os::own<OpenJournals>();
    const std::scoped_lock lock(open.mutex);
    open.check_free(path);
    open.files.reserve(open.files.size() + 1);
    os::Fd file = os::open_kept(path.c_str());
    if (!file) {
        throw could_not(errno, path,
                        "cannot be opened: name a regular file, in a directory that exists and "
                        "this program may write to");
    }
    is_ = os::identity_of(file.get());
    const int error = os::lock_for_process(file);
    if (error == EAGAIN || error == EACCES) {
        const pid_t holder = os::holder_of_lock(file);
        throw_in_use(path, holder > 0 ? "process " + std::to_string(holder) : "another process");
    }
    if (error != 0) {
        throw could_not(error, path, "cannot be locked: name one on another file system");
    }
    file_ = os::KeptFd(std::move(file));
    open.files.push_back(is_);
}

/// Nobody opens it between the two: his descriptor's end would end the lock of the next call.
LockedFile::~LockedFile() {
    auto& open = os::own<OpenJournals>();
    const std::scoped_lock lock(open.mutex);
    std::erase(open.files, is_);
    file_.reset();
}

JournalFile::JournalFile(const std::string& path, const JournalType& type, bool sync)
    : path_(path), sync_(sync), owner_(os::process_mark()), locked_(path), file_(locked_.fd()) {
    const std::uint64_t size = os::size_of(file_);
    std::vector<std::byte> start(std::min<std::uint64_t>(size, most_header));
    if (!os::read_at(file_, 0, start)) {
        throw could_not(errno, path_, "cannot be read");
    }
    const auto header = read_journal_header(start);
    if (header) {
        if (header->type.hash != type.hash) {
            throw std::invalid_argument(journal_named(path_) + "holds results of type " +
                                        header->type.name + ", and those of this call are " +
                                        type.name +
                                        ", or are written in another way: name another file");
        }
        read_all(*header, size);
    } else if (begins_journal_header(start)) {
        open_new(journal_header(type));
    } else {
        throw std::invalid_argument(
            journal_named(path_) +
            "is no journal, or one of another version, or its first bytes are damaged: name "
            "another file, or remove this one");
    }
    flushed_ns_ = os::now_ns();
}

JournalFile::~JournalFile() {
    if (owner_ == os::process_mark()) {
        sync();
    }
}

void JournalFile::open_new(std::span<const std::byte> header) {
    int error = os::cut_to(file_, 0);
    error = error != 0 ? error : os::write_at(file_, 0, header);
    error = error != 0 ? error : os::sync_data(file_);
    if (error != 0) {
        throw could_not(error, path_, "cannot be written: make room, or name another file");
    }
    os::sync_entry_of(path_);
    end_ = header.size();
}

void JournalFile::read_all(const JournalHeader& header, std::uint64_t size) {
    const auto read = [this](std::uint64_t offset, std::span<std::byte> buffer) {
        errno = EIO;  // if it got shorter
        if (!os::read_at(file_, offset, buffer)) {
            throw could_not(errno, path_, "cannot be read");
        }
    };
    const JournalScan scan =
        scan_journal(read, header.size, size, [this](const JournalScan::Found& found) {
            if (found.record.kind == JournalKind::call) {
                last_count_ = found.record.index;
            } else {
                known_.push_back({found.record, found.payload_at});
            }
        });
    end_ = scan.end;
    if (end_ < size) {
        if (const int error = os::cut_to(file_, end_); error != 0) {
            throw could_not(error, path_, "has a torn end, which cannot be cut off");
        }
    }
    // Of one item the newest, which stands last.
    std::sort(known_.begin(), known_.end(), [](const Known& one, const Known& other) {
        return std::pair(key_of(one), one.payload_at) < std::pair(key_of(other), other.payload_at);
    });
    const auto newest = [](auto first, auto last) {
        auto to = first;
        for (auto at = first; at != last; ++at) {
            if (std::next(at) == last || key_of(*std::next(at)) != key_of(*at)) {
                *to++ = *at;
            }
        }
        return to;
    };
    known_.erase(newest(known_.begin(), known_.end()), known_.end());
}

const JournalFile::Known* JournalFile::find(std::uint64_t index, std::uint64_t input) const {
    const std::pair key{index, input};
    const auto at = std::lower_bound(
        known_.begin(), known_.end(), key,
        [](const Known& known, const auto& wanted) { return key_of(known) < wanted; });
    return at != known_.end() && key_of(*at) == key ? &*at : nullptr;
}

std::vector<std::byte> JournalFile::payload(const Known& known) const {
    std::vector<std::byte> bytes(known.record.size);
    errno = EIO;  // if it got shorter
    if (!os::read_at(file_, known.payload_at, bytes)) {
        throw could_not(errno, path_, "cannot be read");
    }
    if (JournalHash::of(JournalHash::Of::payload, bytes) != known.record.payload_hash) {
        throw std::runtime_error(journal_named(path_) +
                                 "was changed by somebody else while it was in use: make the call "
                                 "again, which runs the damaged items anew");
    }
    return bytes;
}

bool JournalFile::append(JournalRecord record, std::span<const std::byte> payload) noexcept {
    if (has_failed()) {
        return false;
    }
    record.seal(payload);
    const auto head = std::as_bytes(std::span{&record, 1});
    const bool is_large = payload.size() > largest_buffer;
    try {
        buffer_.insert(buffer_.end(), head.begin(), head.end());
        if (!is_large) {
            buffer_.insert(buffer_.end(), payload.begin(), payload.end());
        }
    } catch (const std::bad_alloc&) {
        return fail(ENOMEM);
    }
    if (unsynced_since_ns_ == 0) {
        unsynced_since_ns_ = os::now_ns();
    }
    if (is_large) {
        const std::uint64_t begin = end_ + buffer_.size() - sizeof record;
        if (!flush()) {
            return false;
        }
        if (!write(payload)) {
            end_ = begin;  // its head is worth nothing
            cut_back();
            return false;
        }
    } else if (buffer_.size() > largest_buffer && !flush()) {
        return false;
    }
    return !sync_ || sync();
}

bool JournalFile::flush() noexcept {
    if (has_failed()) {
        return false;
    }
    if (buffer_.empty()) {
        return true;
    }
    const bool written = write(buffer_);
    buffer_.clear();
    flushed_ns_ = os::now_ns();
    return written;
}

/// What is behind the end; if that fails, the next call does it.
void JournalFile::cut_back() noexcept {
    if (!locked_.is_lost()) {
        static_cast<void>(os::cut_to(file_, end_));
    }
}

bool JournalFile::write(std::span<const std::byte> bytes) noexcept {
    if (locked_.is_lost()) {
        return fail(EBADF);
    }
    if (const int error = os::write_at(file_, end_, bytes); error != 0) {
        cut_back();
        return fail(error);
    }
    end_ += bytes.size();
    return true;
}

/// The lock is gone if the program closed a descriptor of its own of the file.
bool JournalFile::sync() noexcept {
    if (!flush()) {
        return false;
    }
    if (unsynced_since_ns_ == 0) {
        return true;
    }
    if (locked_.is_lost()) {
        return fail(EBADF);
    }
    if (const int error = os::lock_for_process(file_); error != 0) {
        return fail(error == EACCES ? EAGAIN : error);
    }
    if (const int error = os::sync_data(file_); error != 0) {
        return fail(error);
    }
    unsynced_since_ns_ = 0;
    return true;
}

bool JournalFile::fail(int error) noexcept {
    error_ = {error, std::generic_category()};
    buffer_.clear();
    return false;
}

void JournalFile::check() const {
    if (error_ == std::errc::resource_unavailable_try_again) {
        throw std::system_error(error_, journal_named(path_) +
                                            "was taken by another program, as this one opened and "
                                            "closed the file meanwhile: make the call again");
    }
    if (error_ == std::errc::bad_file_descriptor) {
        throw std::system_error(error_,
                                journal_named(path_) +
                                    "was closed by the program, so the rest of the call is "
                                    "cancelled; what it holds is kept: make the call again");
    }
    if (error_) {
        throw std::system_error(error_,
                                journal_named(path_) +
                                    "cannot be written, so the rest of the call is cancelled; what "
                                    "it holds is kept: make room, and make the call again");
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
