#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace os {

/// What the kernel's memory killer does, by its count of the processes that it has ended: in the
/// control group of this process or, where that has no count, on the machine.
class MemoryKills {
public:
    /// `root` is put before every path: empty, or a directory of a test.
    explicit MemoryKills(std::string root = "") : root_(std::move(root)) {}

    [[nodiscard]] bool is_noted() const noexcept { return seen_.has_value(); }
    /// Remembers the count, or that there is none. Reads files: a fraction of a millisecond.
    void note() noexcept;

    /// A process was killed by SIGKILL, and nobody here did it. Has the count grown since note()?
    /// Each kill explains one process. False if nothing was noted.
    [[nodiscard]] bool explain_one() noexcept;

private:
    [[nodiscard]] std::optional<std::uint64_t> count() const;

    std::string root_;
    std::string file_;
    std::optional<std::uint64_t> seen_;
};

}  // namespace os
PROCPOOL_END_NAMESPACE
