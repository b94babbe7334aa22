#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "os/fd.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// A function as the source names it, and a line in it.
struct SourceFrame {
    std::string function;  ///< qualified, without parameters; may be empty
    std::string file;      ///< without its directory; may be empty
    int line = 0;
    bool inlined = false;  ///< into the next one
};

/// The debug information of one file of code, read by libdw. Used by one thread at a time.
class DebugInfo {
public:
    /// `file`: mapped, so nobody may write to it. `path`: its name.
    DebugInfo(os::Fd file, const char* path);
    ~DebugInfo();
    DebugInfo(const DebugInfo&) = delete;
    DebugInfo& operator=(const DebugInfo&) = delete;

    /// The function at an address, as the file counts addresses, after those that are inlined into
    /// it there. Empty when nothing is known: no debug information, or no libdw. Throws
    /// std::bad_alloc.
    [[nodiscard]] std::vector<SourceFrame> at(std::uint64_t address) const;

private:
    struct File;
    std::unique_ptr<File> file_;
};

}  // namespace trace
PROCPOOL_END_NAMESPACE
