// fuzz: longest input 4096
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "face/journal_format.hpp"
#include "fuzz.hpp"

// A journal as any program or disk may have left it: what is taken from it lies in it, and is
// whole. And one with records that are whole, but for some bytes written over: all those are found
// that were not hit.

namespace procpool::fuzz {
namespace {

using detail::JournalHash;
using detail::JournalRecord;
using detail::JournalScan;

struct Place {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool is_found = false;
};

/// Walks through the file as a call does; says of each place whether there was a record.
JournalScan walk(Bytes file, std::uint64_t header, std::vector<Place>& places) {
    const auto read = [&](std::uint64_t offset, std::span<std::byte> buffer) {
        require(offset <= file.size() && buffer.size() <= file.size() - offset);
        std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    };
    std::uint64_t last = header;
    std::uint64_t records = 0;
    std::uint64_t damaged = 0;
    const JournalScan scan =
        detail::scan_journal(read, header, file.size(), [&](const JournalScan::Found& found) {
            require(found.payload_at >= last + sizeof(JournalRecord));
            require(found.payload_at <= file.size() &&
                    found.record.size <= file.size() - found.payload_at);
            const auto payload = file.subspan(found.payload_at, found.record.size);
            require(JournalHash::of(JournalHash::Of::payload, payload) ==
                    found.record.payload_hash);
            const std::uint64_t begin = found.payload_at - sizeof(JournalRecord);
            damaged += begin - last;
            last = found.payload_at + found.record.size;
            ++records;
            for (Place& place : places) {
                place.is_found = place.is_found || (place.begin == begin && place.end == last);
            }
        });
    require(scan.end == last && scan.records == records && scan.damaged == damaged);
    return scan;
}

/// Any bytes.
void read_any(Bytes file) {
    std::vector<Place> none;
    if (const auto header = detail::read_journal_header(file)) {
        require(header->size <= file.size());
        require(header->type.name.size() <= detail::most_type_name);
        walk(file, header->size, none);
    } else {
        static_cast<void>(detail::begins_journal_header(file));
    }
    walk(file, 0, none);
}

/// Whole records, some bytes of which are written over.
void read_damaged(Bytes bytes) {
    std::vector<std::byte> file = detail::journal_header({take_byte(bytes), "int"});
    const std::uint64_t header = file.size();
    std::vector<Place> places(1 + take_byte(bytes) % 8U);
    for (Place& place : places) {
        const std::vector<std::byte> payload(take_byte(bytes), std::byte{take_byte(bytes)});
        JournalRecord record;
        record.kind = detail::JournalKind{1 + take_byte(bytes) % 4U};
        record.index = take_byte(bytes);
        record.input = take_byte(bytes);
        record.seal(payload);
        place.begin = file.size();
        const auto head = std::as_bytes(std::span{&record, 1});
        file.insert(file.end(), head.begin(), head.end());
        file.insert(file.end(), payload.begin(), payload.end());
        place.end = file.size();
    }
    while (bytes.size() >= 3) {
        const std::size_t at =
            (take_byte(bytes) + std::size_t{256} * take_byte(bytes)) % file.size();
        file[at] = std::byte{take_byte(bytes)};
        std::erase_if(places,
                      [&](const Place& place) { return place.begin <= at && at < place.end; });
    }
    walk(file, header, places);
    for (const Place& place : places) {
        require(place.is_found);
    }
    read_any(file);
}

}  // namespace

void decode(Bytes bytes) {
    if (take_byte(bytes) % 2 == 0) {
        read_any(bytes);
    } else {
        read_damaged(bytes);
    }
}

}  // namespace procpool::fuzz
