#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"
#include "trace/debug_info.hpp"
#include "trace/frame_kinds.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

[[nodiscard]] std::string hexadecimal(std::uint64_t number);

/// A file of code, and what it tells about addresses in it. For one thread at a time. All throw
/// std::bad_alloc.
class CodeFile {
public:
    /// The empty path is that of this program.
    explicit CodeFile(std::string_view path);

    /// Can it be read?
    [[nodiscard]] bool is_there() const;
    /// The frames at an address: those that are inlined there, and the function around them. Reads
    /// debug information, which may end the process where memory is short, or the stack.
    [[nodiscard]] std::vector<Frame> at(std::uint64_t address);
    /// What the symbols tell of it. Needs some 32 KiB of stack.
    [[nodiscard]] Frame plain(std::uint64_t address) const;

private:
    void open_debug_info(const os::Fd& file);
    [[nodiscard]] const char* path() const;
    [[nodiscard]] Frame frame(const SourceFrame& source, std::string symbol_name,
                              std::uint64_t address) const;

    std::string path_;
    std::string name_;
    std::optional<DebugInfo> debug_info_;
};

}  // namespace trace
PROCPOOL_END_NAMESPACE
