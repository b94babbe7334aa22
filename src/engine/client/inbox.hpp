#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <procpool/detail/namespace.hpp>

#include "engine/client/fork_server.hpp"
#include "engine/client/job_board.hpp"
#include "engine/client/timeline.hpp"
#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The client's end of the result rings. Every byte there was written by another process: nothing
/// is trusted unchecked. Guarded by the pool's mutex.
class Inbox {
public:
    Inbox(const Layout& layout, JobBoard& board, const ForkServer& server, Timeline& timeline)
        : layout_(layout),
          board_(board),
          server_(server),
          timeline_(timeline),
          readers_(static_cast<std::size_t>(layout.workers())) {}

    /// Takes in what workers have published, and gives it to the sinks of their jobs. Never blocks.
    [[gnu::hot]] void collect();
    /// Prefetches the code that takes in what arrives next.
    [[gnu::hot]] void fetch_code() const;

    /// Has a worker killed, because its ring or its slot makes no sense.
    void condemn(int worker);

    /// Something was found that a task wrote over.
    void note_damage() { damaged_ = true; }
    /// Since the last call of this: was something found that a task wrote over?
    [[nodiscard]] bool take_damage() { return std::exchange(damaged_, false); }
    /// What was found so far is dealt with, and so are this many workers that went down.
    void forget_damage(std::uint64_t downs) {
        damaged_ = false;
        downs_seen_ = downs;
    }
    /// The ring of a worker that is down is empty: its place may be filled. `down`: its
    /// incarnation.
    void mark_emptied(int worker, std::uint64_t down);

    /// Items that gave a result, and those that have none because they failed.
    [[nodiscard]] std::uint64_t done() const { return done_; }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }

    /// The failure of the pool's initializer, if a worker sent one.
    [[nodiscard]] const std::optional<Failure>& initializer_failure() const {
        return initializer_failure_;
    }

private:
    struct Reader {
        std::uint64_t head = 0;
        std::uint64_t alarm = 0;
        std::uint64_t corrupt = 0;  // incarnation whose ring is not read any more
    };

    [[gnu::hot]] void empty_ring(int worker);
    [[gnu::hot]] bool take(const FrameHeader& header, std::span<const std::byte> payload);

    const Layout& layout_;
    JobBoard& board_;
    const ForkServer& server_;
    Timeline& timeline_;
    std::vector<Reader> readers_;
    std::uint64_t done_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t downs_seen_ = 0;
    bool damaged_ = false;
    std::optional<Failure> initializer_failure_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
