#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "search.hpp"

namespace mine {

/// Whoever works chunks of one search off. Reports come back in the order in which the chunks were
/// given, whoever was first: so the answer does not depend on the number of workers. For one
/// thread; work that was given and not taken is dropped with the crew.
class Crew {
public:
    Crew() = default;
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    virtual ~Crew() = default;

    /// Does not wait.
    virtual void give(const Chunk& chunk) = 0;
    /// As give(), but its report comes before those of all other chunks.
    virtual void give_first(const Chunk& chunk) = 0;
    /// The report on the oldest chunk; nothing if it does not come within `patience`. This and
    /// give() throw tool::Stopped when the work cannot go on.
    virtual std::optional<Report> take(std::chrono::nanoseconds patience) = 0;

    [[nodiscard]] virtual int workers() const = 0;
    /// Chunks to be given before the first is taken, so that nobody waits for work.
    [[nodiscard]] virtual std::size_t depth() const = 0;
    /// Workers that died so far; each was replaced, and what it had not finished was done again.
    [[nodiscard]] virtual std::size_t deaths() = 0;
};

/// The normal map: this very thread works, in take().
[[nodiscard]] std::unique_ptr<Crew> make_plain_crew(const Search& search, std::uint64_t wanted);

[[nodiscard]] std::unique_ptr<Crew> make_thread_crew(int threads, const Search& search,
                                                     std::uint64_t wanted);

/// A pool of processes; 0: as many as the CPUs that may be used. Throws tool::SystemLimit when they
/// cannot be started.
[[nodiscard]] std::unique_ptr<Crew> make_process_crew(int processes, const Search& search,
                                                      std::uint64_t wanted);

}  // namespace mine
