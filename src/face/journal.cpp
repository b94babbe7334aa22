#include <algorithm>
#include <cerrno>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <procpool/detail/failure.hpp>
#include <procpool/journal.hpp>

#include "face/journal_file.hpp"
#include "os/file.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace {

using namespace detail;

[[noreturn]] void throw_unreadable(const std::string& path) {
    throw std::system_error(errno, std::generic_category(), journal_named(path) + "cannot be read");
}

JournalItem item_of(const JournalRecord& record) {
    using State = JournalItem::State;
    return {.index = record.index,
            .state = record.kind == JournalKind::value    ? State::done
                     : record.kind == JournalKind::failed ? State::failed
                                                          : State::quarantined,
            .input_hash = record.input,
            .size = record.kind == JournalKind::value ? record.size : 0,
            .attempts = static_cast<int>(record.attempts),
            .duration = std::chrono::nanoseconds(record.duration_ns)};
}

}  // namespace

std::optional<std::size_t> JournalContents::missing() const {
    if (!count) {
        return std::nullopt;
    }
    std::size_t missing = *count;
    for (const JournalItem& item : items) {
        missing -= item.index < *count ? 1 : 0;
    }
    return missing;
}

JournalContents read_journal(const std::string& path) {
    check_not_written_here(path);
    errno = EINVAL;  // if it is of another kind
    const os::Fd file = os::open_regular(path.c_str());
    if (!file) {
        throw_unreadable(path);
    }
    const std::uint64_t size = os::size_of(file);
    const auto read = [&](std::uint64_t offset, std::span<std::byte> buffer) {
        errno = EIO;  // if it got shorter
        if (!os::read_at(file, offset, buffer)) {
            throw_unreadable(path);
        }
    };
    std::vector<std::byte> start(std::min<std::uint64_t>(size, most_header));
    read(0, start);
    const auto header = read_journal_header(start);
    if (!header) {
        throw std::invalid_argument(
            journal_named(path) +
            "is no journal, or one of another version, or its first bytes are damaged");
    }
    JournalContents contents;
    contents.type = header->type.name;
    std::map<std::uint64_t, JournalScan::Found> newest;
    const JournalScan scan =
        scan_journal(read, header->size, size, [&](const JournalScan::Found& found) {
            if (found.record.kind == JournalKind::call) {
                contents.count = found.record.index;
            } else {
                newest[found.record.index] = found;
            }
        });
    contents.records = scan.records;
    contents.damaged = scan.damaged;
    contents.torn = size - scan.end;
    contents.items.reserve(newest.size());
    for (const auto& [index, found] : newest) {
        JournalItem& item = contents.items.emplace_back(item_of(found.record));
        if (item.state != JournalItem::State::done) {
            std::vector<std::byte> payload(found.record.size);
            read(found.payload_at, payload);
            Failure failure = decode_failure(payload);
            failure.index = index;
            item.message = describe(failure);
        }
    }
    return contents;
}

PROCPOOL_END_NAMESPACE
