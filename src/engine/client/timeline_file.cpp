#include "engine/client/timeline_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <span>
#include <system_error>
#include <utility>

#include "engine/shared/times.hpp"
#include "os/clock.hpp"
#include "os/file.hpp"
#include "os/kept_file.hpp"
#include "os/mapping.hpp"
#include "os/own.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

constexpr const char* variable = "PROCPOOL_TRACE";
constexpr std::string_view begin = "[\n";
constexpr std::string_view end = "\n]\n";
constexpr std::size_t most_lines = std::size_t{64} << 10U;  // bytes
constexpr std::uint64_t flush_interval = 1'000 * ms;
/// Each time that the file grows by so much, twice as much is merged.
constexpr std::uint64_t bytes_per_quantum = std::uint64_t{4} << 20U;
constexpr std::uint64_t longest_quantum = 1'000 * ms;
/// The process numbers of Linux are smaller.
constexpr std::int32_t most_pids = 1 << 22;

/// Has this process, or one that it was forked from, opened a file that it still has?
constinit std::atomic<bool> is_opened{false};

std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || at + length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xc0U) != 0x80U) {
            return 0;
        }
    }
    // Longer than need be, a surrogate, or no character.
    const bool is_wrong =
        (lead == 0xe0 && byte(at + 1) < 0xa0) || (lead == 0xed && byte(at + 1) >= 0xa0) ||
        (lead == 0xf0 && byte(at + 1) < 0x90) || (lead == 0xf4 && byte(at + 1) >= 0x90);
    return is_wrong ? 0 : length;
}

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(text, at);
        const auto byte = static_cast<unsigned char>(text[at]);
        if (length == 0) {
            result += '?';
        } else if (byte == '\n') {
            result += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            result += ' ';
        } else {
            result += byte == '"' || byte == '\\' ? "\\" : "";
            result += text.substr(at, length);
        }
        at += length == 0 ? 1 : length;
    }
    return result += '"';
}

/// Nanoseconds as microseconds.
std::string micros(std::uint64_t ns) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%llu.%03u", static_cast<unsigned long long>(ns / 1000),
                  static_cast<unsigned>(ns % 1000));
    return text.data();
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string items_in_words(const TimelineRecord& record) {
    return record.count == 1 ? "item " + number(record.first) : number(record.count) + " items";
}

/// What is shown of it, and what is told to who looks closer.
std::pair<std::string, std::string> words_of(const TimelineRecord& record, std::string_view text) {
    switch (record.kind) {
        case RecordKind::items:
            return {items_in_words(record), "\"first\":" + number(record.first) +
                                                ",\"count\":" + number(record.count) +
                                                ",\"call\":" + number(record.serial)};
        case RecordKind::rest:
            return {"rest", ""};
        case RecordKind::start:
            return {"start-up", "\"worker\":" + number(record.first)};
        case RecordKind::fork:
            return {"fork of worker " + number(record.first), "\"worker\":" + number(record.first)};
        case RecordKind::death:
        case RecordKind::failure:
            return {"death", (record.count == 0 ? "" : "\"item\":" + number(record.first) + ",") +
                                 "\"message\":" + quoted(text)};
        case RecordKind::job:
            return {record.count == 1 ? "call " + number(record.serial)
                                      : number(record.count) + " calls",
                    "\"items\":" + number(record.first)};
        case RecordKind::wait:
            return {"wait", ""};
        case RecordKind::process:
            return {"process_name", "\"name\":" + quoted(text)};
        case RecordKind::lost:
            return {number(record.count) + " records lost: there was no room",
                    "\"count\":" + number(record.count)};
    }
    return {};
}

/// Kinds that are written however large the file is.
bool is_vital(RecordKind kind) {
    return kind == RecordKind::death || kind == RecordKind::failure ||
           kind == RecordKind::process || kind == RecordKind::start;
}

std::string line_of(std::string_view phase, const std::string& name, const TimelineRecord& record,
                    const std::string& more) {
    const std::string pid = number(static_cast<std::uint64_t>(record.pid));
    const std::string tid =
        record.track == 0 ? pid : number(static_cast<std::uint64_t>(record.track));
    return "{\"ph\":\"" + std::string(phase) + "\",\"name\":" + quoted(name) + ",\"pid\":" + pid +
           ",\"tid\":" + tid + more + "}";
}

/// Opens the file, and empties it. Returns an errno if that fails: EAGAIN if another process writes
/// it.
int open_alone(const std::string& path, os::Fd& file) {
    file = os::open_kept(path.c_str());
    if (!file) {
        return errno;
    }
    const int error = os::lock_for_process(file);
    if (error == EAGAIN || error == EACCES) {
        return EAGAIN;
    }
    // Where the file system has no locks nobody is kept out.
    return os::cut_to(file, 0);
}

std::string arguments(const std::string& list) {
    return list.empty() ? "" : ",\"args\":{" + list + "}";
}

}  // namespace

std::string json_of(const TimelineRecord& record, std::string_view text) {
    const auto kind = static_cast<std::uint16_t>(record.kind);
    if (kind == 0 || kind > static_cast<std::uint16_t>(last_record_kind) || record.pid <= 0 ||
        record.pid > most_pids || record.ended < record.began || record.ended >> 62U != 0) {
        return "";
    }
    const auto [name, list] = words_of(record, text);
    const std::string at = ",\"ts\":" + micros(record.began);
    switch (record.kind) {
        case RecordKind::process:
            return line_of("M", name, record, arguments(list));
        case RecordKind::death:
        case RecordKind::failure:
        case RecordKind::lost:
            return line_of("i", name, record, at + ",\"s\":\"p\"" + arguments(list));
        default:
            break;
    }
    std::string line =
        line_of("X", name, record,
                at + ",\"dur\":" + micros(record.ended - record.began) + arguments(list));
    if (record.kind == RecordKind::start) {
        const std::string called = "procpool worker " + number(record.first);
        line +=
            ",\n" + line_of("M", "process_name", record, arguments("\"name\":" + quoted(called)));
    }
    return line;
}

TimelineFile* TimelineFile::of_this_process() {
    static const bool is_wanted = os::environment_variable(variable) != nullptr &&
                                  *os::environment_variable(variable) != '\0';
    if (!is_wanted) {
        return nullptr;
    }
    TimelineFile& file = os::own<TimelineFile>();
    return file.is_open() ? &file : nullptr;
}

TimelineFile::TimelineFile() : TimelineFile(os::environment_variable(variable)) {}

TimelineFile::TimelineFile(std::string path, std::uint64_t limit)
    : path_(std::move(path)), limit_(limit) {
    open();
}

TimelineFile::~TimelineFile() {
    flush();
    is_opened.store(false, std::memory_order_relaxed);
}

/// A file that another process writes, as one that was forked from this or started this, is left
/// to it: this process writes one beside it.
void TimelineFile::open() {
    const std::string suffix = ".json";
    const bool has_suffix = path_.ends_with(suffix);
    const std::string beside = path_.substr(0, path_.size() - (has_suffix ? suffix.size() : 0)) +
                               "." + std::to_string(os::own_pid()) + (has_suffix ? suffix : "");
    os::Fd file;
    int error = is_opened.load(std::memory_order_relaxed) ? EAGAIN : open_alone(path_, file);
    if (error == EAGAIN) {
        path_ = beside;
        error = open_alone(path_, file);
    }
    if (error != 0) {
        give_up("cannot be written", error);
        return;
    }
    is_opened.store(true, std::memory_order_relaxed);
    file_ = os::KeptFd(std::move(file));
    flushed_ns_ = os::now_ns();
    lines_ = begin;
    write_out();
}

void TimelineFile::give_up(const char* what, int error) {
    std::fprintf(
        stderr,
        "procpool: the file of PROCPOOL_TRACE, %s, %s: %s; name one that can be written, or "
        "unset the variable (the program goes on, without a trace)\n",
        path_.c_str(), what, std::generic_category().message(error).c_str());
    file_.reset();
    lines_ = {};
}

bool TimelineFile::is_open() {
    const std::scoped_lock lock(mutex_);
    return static_cast<bool>(file_);
}

void TimelineFile::put(const TimelineRecord& record, std::string_view text) {
    const std::scoped_lock lock(mutex_);
    if (!file_) {
        return;
    }
    const std::uint64_t most = is_vital(record.kind) ? limit_ + limit_ / 10 : limit_;
    if (size_ + lines_.size() > most) {
        ++left_out_;
        return;
    }
    if (const std::string line = json_of(record, text); !line.empty()) {
        lines_ += (size_ + lines_.size() == begin.size() ? "" : ",\n") + line;
    }
    if (lines_.size() >= most_lines) {
        write_out();
    }
}

void TimelineFile::flush_if_due(std::uint64_t now) {
    const std::scoped_lock lock(mutex_);
    if (now - flushed_ns_ >= flush_interval) {
        write_out();
    }
}

void TimelineFile::flush() {
    const std::scoped_lock lock(mutex_);
    write_out();
}

/// With the lock. What was written before stays whole if there is no room for more.
void TimelineFile::write_out() {
    flushed_ns_ = os::now_ns();
    if (!file_ || lines_.empty()) {
        return;
    }
    if (file_.is_lost()) {
        give_up("was closed by the program", EBADF);
        return;
    }
    lines_ += end;
    if (size_ + lines_.size() > os::file_size_limit()) {
        lines_.clear();  // to write more would end the program
        return;
    }
    const auto write = [this](std::string_view text) {
        return os::write_at(file_.fd(), size_, std::as_bytes(std::span(text)));
    };
    if (const int error = write(lines_); error != 0) {
        if (os::cut_to(file_.fd(), size_) == 0) {
            static_cast<void>(write(end));
        }
        give_up("cannot be written any more", error);
        return;
    }
    size_ += lines_.size() - end.size();
    lines_.clear();
}

std::uint64_t TimelineFile::quantum_ns() {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t doublings = std::min<std::uint64_t>(size_ / bytes_per_quantum, 32);
    return std::min(first_timeline_quantum << doublings, longest_quantum);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
