#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The line of a bar that is `width` columns wide, without what moves the cursor. `label` is cut
/// where there is no room.
[[nodiscard]] std::string progress_line(const std::string& label, std::uint64_t done,
                                        std::uint64_t total, std::chrono::nanoseconds elapsed,
                                        std::size_t width);

/// A bar on stderr, if that is a terminal; otherwise does nothing. Its line is gone when it is.
class ProgressBar {
public:
    ProgressBar(const std::string& label, std::uint64_t total);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();

    void show(std::uint64_t done);

private:
    std::string label_;
    std::uint64_t total_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool is_terminal_;
    bool drawn_ = false;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
