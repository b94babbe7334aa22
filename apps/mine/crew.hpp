#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "search.hpp"

namespace mine {

/// Those who search chunks: this thread, threads or processes. Reports come back in the order in
/// which the chunks were given, whichever was done first, so the answer does not depend on the
/// number of workers. Reports that were not taken are dropped with the crew. For one thread.
class Crew {
public:
    Crew() = default;
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    virtual ~Crew() = default;

    /// Gives a chunk to the workers. Does not wait.
    virtual void give(const Chunk& chunk) = 0;
    /// As give(), but the report on this chunk comes next.
    virtual void give_first(const Chunk& chunk) = 0;
    /// The report on the first chunk, of which there must be one; nothing if it does not come
    /// within `patience`. This and give() throw tool::Stopped when the work cannot go on.
    virtual std::optional<Report> take(std::chrono::nanoseconds patience) = 0;

    [[nodiscard]] virtual int workers() const = 0;
    /// How many chunks should be given at any time, so that no worker waits for work.
    [[nodiscard]] virtual std::size_t depth() const = 0;
    /// Workers that died so far. Each was replaced, and its chunk was searched again.
    [[nodiscard]] virtual std::size_t deaths() = 0;
};

/// The normal map: the calling thread does the work, in take().
[[nodiscard]] std::unique_ptr<Crew> make_plain_crew(const Search& search, std::uint64_t wanted);

/// Threads of this process.
[[nodiscard]] std::unique_ptr<Crew> make_thread_crew(int threads, const Search& search,
                                                     std::uint64_t wanted);

/// A pool of processes; 0: one for each CPU that may be used. Throws tool::SystemLimit when they
/// cannot be started.
[[nodiscard]] std::unique_ptr<Crew> make_process_crew(int processes, const Search& search,
                                                      std::uint64_t wanted);

}  // namespace mine
