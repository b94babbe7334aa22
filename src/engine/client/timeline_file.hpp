#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/timeline.hpp"
#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A record as a line of JSON, in the trace event format of Chrome that Perfetto opens; without an
/// end. Anybody may have written the record: what makes no sense gives nothing. Throws
/// std::bad_alloc.
[[nodiscard]] std::string json_of(const TimelineRecord& record, std::string_view text);

/// The file that PROCPOOL_TRACE names, of a bounded size. It is valid JSON behind each flush: what
/// follows is written over the closing bracket. Any thread may call it. A file that cannot be
/// written is told once on stderr, and written no more.
class TimelineFile {
public:
    static constexpr std::uint64_t usual_limit = std::uint64_t{64} << 20U;

    /// The one of this process, if there is to be one. Throws std::bad_alloc.
    [[nodiscard]] static TimelineFile* of_this_process();

    /// No path: none is written. `limit`: bytes; beyond it only deaths and names are written, to a
    /// tenth more.
    explicit TimelineFile(std::string path, std::uint64_t limit = usual_limit);
    TimelineFile();
    ~TimelineFile();
    TimelineFile(const TimelineFile&) = delete;
    TimelineFile& operator=(const TimelineFile&) = delete;

    [[nodiscard]] bool is_open();

    /// Throws std::bad_alloc.
    void put(const TimelineRecord& record, std::string_view text);
    void put(const TimelineRecord& record) { put(record, record.read_text()); }
    /// Writes what was put to the file, if it is much or a second has passed.
    void flush_if_due(std::uint64_t now);
    void flush();

    /// What is shorter is to be merged: the longer, the more of the file is used up.
    [[nodiscard]] std::uint64_t quantum_ns();

private:
    void open();
    void write_out();
    void give_up(const char* what, int error);

    std::mutex mutex_;
    std::string path_;
    const std::uint64_t limit_;
    os::KeptFd file_;
    std::string lines_;       // that are not in the file yet
    std::uint64_t size_ = 0;  // of the file without its closing bracket
    std::uint64_t left_out_ = 0;
    std::uint64_t flushed_ns_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
