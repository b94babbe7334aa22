#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/options.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// The line of a bar that is `width` columns wide, without what moves the cursor. `label` is cut
/// where there is no room. Without a total it says how many are done.
[[nodiscard]] std::string progress_line(const std::string& label, std::uint64_t done,
                                        std::optional<std::uint64_t> total,
                                        std::chrono::nanoseconds elapsed, std::size_t width);

/// A bar on stderr, if that is a terminal; otherwise does nothing. Its line is gone when it is.
class ProgressBar {
public:
    ProgressBar(const std::string& label, std::optional<std::uint64_t> total);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();

    /// When it is to be drawn next.
    [[nodiscard]] std::chrono::steady_clock::time_point due() const { return due_; }
    void show(std::uint64_t done);

private:
    static constexpr std::chrono::milliseconds pause{100};

    std::string label_;
    std::optional<std::uint64_t> total_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point due_ = start_ + pause;
    bool is_terminal_;
    bool drawn_ = false;
};

/// The bar that a call asks for; null if it asks for none.
[[nodiscard]] std::unique_ptr<ProgressBar> bar_of(const Progress& progress,
                                                  std::optional<std::uint64_t> total);

/// What the thread does that waits for a job, besides.
struct Meanwhile {
    ProgressBar* bar = nullptr;         ///< shows how far it is
    JournalCall* journal = nullptr;     ///< writes down what has come
    std::chrono::nanoseconds grace{0};  ///< of the job: without its journal it is cancelled
};
/// Waits as Engine::wait.
bool wait_doing(Engine& engine, const JobHandle& job, const Meanwhile& meanwhile,
                Clock::time_point deadline);

}  // namespace detail
PROCPOOL_END_NAMESPACE
