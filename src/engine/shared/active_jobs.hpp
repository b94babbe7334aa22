#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The job pages that may hold work, as bits. Written by the client, under its mutex; read by
/// everybody.
class ActiveJobs {
    static constexpr std::size_t summary_words = 4;

public:
    static constexpr std::size_t most = summary_words * 64 * 64;

    [[gnu::hot]] void set(std::size_t job, bool active);
    /// The same for a job that one worker alone may take, and is told of otherwise.
    void set_hidden(std::size_t job, bool active);

    /// The first active page from `from` on; `jobs`, the number of pages, if there is none.
    [[gnu::hot]] [[nodiscard]] std::size_t next(std::size_t from, std::size_t jobs) const;
    /// The first that is not hidden.
    [[nodiscard]] std::size_t next_seen(std::size_t from, std::size_t jobs) const;

    [[nodiscard]] bool any() const;

private:
    template <bool hidden_too>
    [[nodiscard]] std::size_t find(std::size_t from, std::size_t jobs) const;

    alignas(cache_line)
        std::array<Word, summary_words> summary_{};  // bit i: word i of `active_` is not 0
    alignas(cache_line) std::array<Word, summary_words * 64> active_{};
    alignas(cache_line) std::array<Word, summary_words * 64> hidden_{};
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
