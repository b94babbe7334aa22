#include "face/journal_format.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

static_assert(std::endian::native == std::endian::little, "journals are little-endian");

constexpr std::uint64_t prime1 = 0x9e37'79b1'85eb'ca87;
constexpr std::uint64_t prime2 = 0xc2b2'ae3d'27d4'eb4f;
constexpr std::uint64_t prime3 = 0x1656'67b1'9e37'79f9;

constexpr std::array<char, 8> magic{'\x89', 'P', 'P', 'J', 'R', 'N', 'L', '\n'};
constexpr std::uint32_t version = 1;

struct HeaderStart {
    std::array<char, 8> magic{};
    std::uint32_t version = 0;
    std::uint32_t name_size = 0;
    std::uint64_t type = 0;
    std::uint64_t hash = 0;
};
static_assert(sizeof(HeaderStart) == 32);

template <class T>
T load_from(std::span<const std::byte> bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

std::uint64_t hash_of(const HeaderStart& start, std::span<const std::byte> name) {
    JournalHash hash(JournalHash::Of::header);
    hash.add(std::as_bytes(std::span{&start, 1}).first(offsetof(HeaderStart, hash)));
    hash.add(name);
    return hash.get();
}

/// Reads a file forwards, a piece at a time.
class Window {
public:
    Window(const ReadAt& read, std::uint64_t end)
        : read_(read), end_(end), bytes_(std::min<std::uint64_t>(least, end)) {}

    /// `size` bytes (at most `least`) from there on, all before the end.
    std::span<const std::byte> at(std::uint64_t offset, std::size_t size) {
        if (offset < begin_ || offset + size > begin_ + length_) {
            length_ = 0;
            const auto wanted =
                static_cast<std::size_t>(std::min<std::uint64_t>(least, end_ - offset));
            read_(offset, std::span(bytes_).first(wanted));
            begin_ = offset;
            length_ = wanted;
        }
        return std::span(bytes_).subspan(static_cast<std::size_t>(offset - begin_), size);
    }

    static constexpr std::size_t least = std::size_t{256} << 10U;

private:
    const ReadAt& read_;
    const std::uint64_t end_;
    std::vector<std::byte> bytes_;
    std::uint64_t begin_ = 0;
    std::size_t length_ = 0;
};

bool payload_is_whole(Window& window, const JournalRecord& record, std::uint64_t at) {
    JournalHash hash(JournalHash::Of::payload);
    for (std::uint64_t done = 0; done < record.size;) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(Window::least, record.size - done));
        hash.add(window.at(at + done, size));
        done += size;
    }
    return hash.get() == record.payload_hash;
}

}  // namespace

JournalHash::JournalHash(Of what) : state_(static_cast<std::uint64_t>(what) * prime3) {}

/// One lane of xxHash's 64-bit hash, whose mixing of a word and of the end this is.
void JournalHash::add(std::span<const std::byte> bytes) {
    size_ += bytes.size();
    const auto mix = [this](std::uint64_t word) {
        state_ ^= std::rotl(word * prime2, 31) * prime1;
        state_ = std::rotl(state_, 27) * prime1 + prime3;
    };
    while (bytes.size() >= sizeof(std::uint64_t)) {
        mix(load_from<std::uint64_t>(bytes));
        bytes = bytes.subspan(sizeof(std::uint64_t));
    }
    if (!bytes.empty()) {
        std::uint64_t rest = 0;
        std::memcpy(&rest, bytes.data(), bytes.size());
        mix(rest);
    }
}

std::uint64_t JournalHash::get() const {
    std::uint64_t hash = state_ ^ size_;
    hash = (hash ^ (hash >> 33U)) * prime2;
    hash = (hash ^ (hash >> 29U)) * prime3;
    return hash ^ (hash >> 32U);
}

std::vector<std::byte> journal_header(const JournalType& type) {
    const auto name =
        std::as_bytes(std::span(type.name)).first(std::min(type.name.size(), most_type_name));
    HeaderStart start{.magic = magic,
                      .version = version,
                      .name_size = static_cast<std::uint32_t>(name.size()),
                      .type = type.hash};
    start.hash = hash_of(start, name);
    std::vector<std::byte> bytes(sizeof start + name.size());
    std::memcpy(bytes.data(), &start, sizeof start);
    std::copy(name.begin(), name.end(), bytes.begin() + sizeof start);
    return bytes;
}

std::optional<JournalHeader> read_journal_header(std::span<const std::byte> bytes) {
    if (bytes.size() < sizeof(HeaderStart)) {
        return std::nullopt;
    }
    const auto start = load_from<HeaderStart>(bytes);
    bytes = bytes.subspan(sizeof start);
    if (start.magic != magic || start.version != version || start.name_size > most_type_name ||
        start.name_size > bytes.size()) {
        return std::nullopt;
    }
    const auto name = bytes.first(start.name_size);
    if (hash_of(start, name) != start.hash) {
        return std::nullopt;
    }
    return JournalHeader{
        {start.type, std::string(reinterpret_cast<const char*>(name.data()), name.size())},
        sizeof start + name.size()};
}

/// A file system may have made the file longer before it had its bytes: those are zeros.
bool begins_journal_header(std::span<const std::byte> bytes) {
    if (bytes.size() >= most_header) {
        return false;
    }
    const auto known = std::as_bytes(std::span(magic));
    const auto first = bytes.first(std::min(bytes.size(), known.size()));
    const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
    if (std::ranges::all_of(bytes, is_zero)) {
        return true;
    }
    if (!std::equal(first.begin(), first.end(), known.begin())) {
        return false;
    }
    if (bytes.size() < sizeof(HeaderStart)) {
        return true;
    }
    const auto start = load_from<HeaderStart>(bytes);
    return start.version == version && start.name_size <= most_type_name &&
           bytes.size() < sizeof start + start.name_size;
}

void JournalRecord::seal(std::span<const std::byte> payload) {
    mark = right_mark;
    size = payload.size();
    payload_hash = JournalHash::of(JournalHash::Of::payload, payload);
    hash = JournalHash::of(JournalHash::Of::record,
                           std::as_bytes(std::span{this, 1}).first(offsetof(JournalRecord, hash)));
}

bool JournalRecord::is_whole() const {
    return mark == right_mark && kind >= JournalKind::value && kind <= JournalKind::call &&
           hash == JournalHash::of(
                       JournalHash::Of::record,
                       std::as_bytes(std::span{this, 1}).first(offsetof(JournalRecord, hash)));
}

JournalScan scan_journal(const ReadAt& read, std::uint64_t header, std::uint64_t size,
                         const std::function<void(const JournalScan::Found&)>& found) {
    Window window(read, size);
    JournalScan scan;
    scan.end = header;
    for (std::uint64_t at = header; at < size && size - at >= sizeof(JournalRecord);) {
        const auto record = load_from<JournalRecord>(window.at(at, sizeof(JournalRecord)));
        const std::uint64_t payload_at = at + sizeof record;
        if (!record.is_whole() || record.size > size - payload_at ||
            !payload_is_whole(window, record, payload_at)) {
            ++at;  // the next one may begin anywhere
            continue;
        }
        scan.damaged += at - scan.end;
        found({record, payload_at});
        ++scan.records;
        at = payload_at + record.size;
        scan.end = at;
    }
    return scan;
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
