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

/// What a pool is at, beside the items of the call.
struct Glance {
    int workers = 0;
    int busy = 0;
    std::uint64_t deaths = 0;  ///< since the bar began
};

/// The line of a bar that is `width` columns wide, without what moves the cursor. `label` is cut
/// where there is no room. Without a total it says how many are done.
[[nodiscard]] std::string progress_line(const std::string& label, std::uint64_t done,
                                        std::optional<std::uint64_t> total,
                                        std::chrono::nanoseconds elapsed, std::size_t width,
                                        const Glance& glance = {});
/// The line for a file, where there is no bar.
[[nodiscard]] std::string progress_note(const std::string& label, std::uint64_t done,
                                        std::optional<std::uint64_t> total,
                                        std::chrono::nanoseconds elapsed,
                                        const Glance& glance = {});

/// A bar on stderr, if that is a terminal: its line is gone when it is. If it is a file or a pipe,
/// a line every ten seconds, and one at the end if there was any.
class ProgressBar {
public:
    ProgressBar(const std::string& label, std::optional<std::uint64_t> total);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();

    /// When it is to be drawn next.
    [[nodiscard]] std::chrono::steady_clock::time_point due() const { return due_; }
    /// Only deaths from here on are shown.
    void begin(const Engine& engine);
    void show(std::uint64_t done, const Engine& engine);
    /// The same where nothing is known of a pool.
    void show(std::uint64_t done, Glance glance = {});
    /// So many were done at the end.
    void end_at(std::uint64_t done) { done_ = done; }

    /// How often a bar is drawn, and a line is written where there is none.
    static constexpr std::chrono::milliseconds pause{100};
    static constexpr std::chrono::seconds pause_of_notes{10};

private:
    void write(const std::string& text) const;

    std::string label_;
    std::optional<std::uint64_t> total_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool is_terminal_;
    std::chrono::steady_clock::time_point due_;
    bool drawn_ = false;
    std::uint64_t done_ = 0;
    Glance glance_;
    std::uint64_t deaths_before_ = 0;
};

/// The bar that a call asks for; null if it asks for none.
[[nodiscard]] std::unique_ptr<ProgressBar> bar_of(const Progress& progress,
                                                  std::optional<std::uint64_t> total,
                                                  const Engine& engine);

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
