#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <procpool/bind.hpp>
#include <procpool/this_task.hpp>

#include "collected.hpp"
#include "engine/shared/words.hpp"
#include "pool_map.hpp"
#include "support/child.hpp"
#include "support/shared.hpp"

/// A task writes over one word of what a worker can write, with a value that might be right, and
/// then ends in one way or another (docs/protocol.md, part 7).
namespace engine_test {

namespace engine = procpool::engine;

enum class Area { slot, evidence, job_words, thefts, common_page, ring, open_frame };
/// What is written: a whole word, or one of two 32-bit fields.
enum class Part { whole, low, high };
enum class Ink {
    zero,
    one,
    two,
    ones,
    high_bit,
    plus_one,
    minus_one,
    plus_two,
    other_taker,  ///< bit 38 flipped
    next_word,
    of_another_worker,
    of_before,  ///< what stood there when this worker began an earlier item
    idle,
    intent,
    taken,
    retired,
    waiting,
    noise
};
enum class Ending { returns, throws, aborts, loops };

inline constexpr std::array area_names{"slot",        "evidence", "job_words", "thefts",
                                       "common_page", "ring",     "open_frame"};
inline constexpr std::array part_names{"", " (low half)", " (high half)"};
inline constexpr std::array ink_names{"0",          "1",          "2",          "~0",     "2^62",
                                      "itself + 1", "itself - 1", "itself + 2", "bit 38", "next",
                                      "other's",    "stale",      "idle",       "intent", "taken",
                                      "retired",    "waiting",    "noise"};
inline constexpr std::array ending_names{"returns", "throws", "aborts", "loops"};

struct Scribbling {
    Area area{};
    std::size_t word = 0;
    Part part{};
    Ink ink{};
    Ending ending{};

    [[nodiscard]] std::string name() const {
        return std::string(area_names.at(static_cast<std::size_t>(area))) + "[" +
               std::to_string(word) + "]" + part_names.at(static_cast<std::size_t>(part)) +
               " := " + ink_names.at(static_cast<std::size_t>(ink)) + ", then it " +
               ending_names.at(static_cast<std::size_t>(ending));
    }
};

inline constexpr int scribbling_workers = 3;
inline constexpr std::uint64_t scribbler = 37;
inline constexpr std::uint64_t scribbled_items = 200;

/// Made before the pool; its tasks find their shared pages by it.
inline std::unique_ptr<PoolMap> scribbled_pool;
/// What this worker's slot held when it began an earlier item.
inline std::array<std::uint64_t, sizeof(engine::Slot) / 8> earlier_slot;
inline std::array<std::uint64_t, 32> earlier_job_words;

inline std::uint64_t* word_to_scribble(const Scribbling& what) {
    const PoolMap& map = *scribbled_pool;
    const int self = procpool::this_worker::id();
    switch (what.area) {
        case Area::slot:
            return reinterpret_cast<std::uint64_t*>(&map.slot(self)) + what.word;
        case Area::evidence:
            return reinterpret_cast<std::uint64_t*>(&map.slot(self).evidence[what.word]);
        case Area::job_words:
            return reinterpret_cast<std::uint64_t*>(&map.job_words(0)) + what.word;
        case Area::thefts:
            return reinterpret_cast<std::uint64_t*>(&map.thefts(static_cast<int>(what.word / 2))) +
                   what.word % 2;
        case Area::common_page:
            return reinterpret_cast<std::uint64_t*>(map.common_page()) + what.word;
        case Area::ring:
            return reinterpret_cast<std::uint64_t*>(map.ring(self)) + what.word;
        case Area::open_frame:
            return reinterpret_cast<std::uint64_t*>(
                       map.ring(self) + engine::position_of(map.slot(self).tail, map.ring_size())) +
                   what.word;
    }
    std::abort();
}

inline std::uint64_t other_workers_value(const Scribbling& what) {
    const int other = (procpool::this_worker::id() + 1) % scribbling_workers;
    const auto* slot = reinterpret_cast<const std::uint64_t*>(&scribbled_pool->slot(other));
    switch (what.area) {
        case Area::slot:
            return slot[what.word];
        case Area::evidence:
            return scribbled_pool->slot(other).evidence[what.word];
        case Area::ring:
            return reinterpret_cast<const std::uint64_t*>(scribbled_pool->ring(other))[what.word];
        case Area::thefts:
            return reinterpret_cast<const std::uint64_t*>(
                &scribbled_pool->thefts(other))[what.word % 2];
        case Area::job_words:
        case Area::common_page:
        case Area::open_frame:
            break;
    }
    return 3;
}

inline std::uint64_t stale_value(const Scribbling& what) {
    switch (what.area) {
        case Area::slot:
            return earlier_slot.at(what.word);
        case Area::evidence:
            return earlier_slot.at(offsetof(engine::Slot, evidence) / 8 + what.word);
        case Area::job_words:
            return earlier_job_words.at(what.word);
        case Area::thefts:
        case Area::common_page:
        case Area::ring:
        case Area::open_frame:
            break;
    }
    return 5;
}

inline std::uint64_t value_to_write(const Scribbling& what, const std::uint64_t* at) {
    const std::uint64_t old = *at;
    switch (what.ink) {
        case Ink::zero:
            return 0;
        case Ink::one:
            return 1;
        case Ink::two:
            return 2;
        case Ink::ones:
            return ~std::uint64_t{0};
        case Ink::high_bit:
            return std::uint64_t{1} << 62U;
        case Ink::plus_one:
            return old + 1;
        case Ink::minus_one:
            return old - 1;
        case Ink::plus_two:
            return old + 2;
        case Ink::other_taker:
            return old ^ std::uint64_t{1} << 38U;
        case Ink::next_word:
            return at[1];
        case Ink::of_another_worker:
            return other_workers_value(what);
        case Ink::of_before:
            return stale_value(what);
        case Ink::idle:
            return engine::phase::idle;
        case Ink::intent:
            return engine::phase::intent;
        case Ink::taken:
            return engine::phase::taken;
        case Ink::retired:
            return engine::phase::retired;
        case Ink::waiting:
            return engine::phase::waiting;
        case Ink::noise:
            return engine::mix(what.word + 77);
    }
    std::abort();
}

inline void scribble(const Scribbling& what) {
    std::uint64_t* const at = word_to_scribble(what);
    const std::uint64_t value = value_to_write(what, at);
    auto* const half = reinterpret_cast<std::uint32_t*>(at);
    switch (what.part) {
        case Part::whole:
            std::atomic_ref(*at).store(value);
            break;
        case Part::low:
            std::atomic_ref(half[0]).store(static_cast<std::uint32_t>(value));
            break;
        case Part::high:
            std::atomic_ref(half[1]).store(static_cast<std::uint32_t>(value));
            break;
    }
}

inline std::uint64_t square_or_scribble(std::uint64_t item, Scribbling what) {
    if (item == scribbler) {
        scribble(what);
        if (what.ending == Ending::aborts) {
            std::abort();
        }
        if (what.ending == Ending::loops) {
            support::wait_for_ever();
        }
        if (what.ending == Ending::throws) {
            throw std::runtime_error("it scribbled");
        }
    }
    std::memcpy(earlier_slot.data(), &scribbled_pool->slot(procpool::this_worker::id()),
                sizeof earlier_slot);
    std::memcpy(earlier_job_words.data(), &scribbled_pool->job_words(0), sizeof earlier_job_words);
    return item * item;
}
inline std::uint64_t square_of(std::uint64_t item) { return item * item; }

/// Nothing if all is well, else what is wrong.
inline std::optional<std::string> fault_of(const Collected<std::uint64_t>& results,
                                           std::optional<Ending> scribbled) {
    if (!results.resolved) {
        return "a map did not end";
    }
    for (std::uint64_t i = 0; i < results.items.size(); ++i) {
        const auto& item = results.items[i];
        if (item.deliveries != 1) {
            return "delivered twice";
        }
        if (scribbled && i == scribbler && item.failure) {
            continue;
        }
        if (item.failure) {
            return "another item failed: " + procpool::detail::describe(*item.failure);
        }
        if (scribbled && i == scribbler && *scribbled != Ending::returns) {
            return "an item that did not return has a result";
        }
        if (item.value != i * i) {
            return "item " + std::to_string(i) + " is wrong";
        }
    }
    return std::nullopt;
}

/// In a process of its own: a pool, the scribble, two more maps, and the end of the pool.
inline std::optional<std::string> try_scribble(const Scribbling& what) {
    std::vector<std::uint64_t> items(scribbled_items);
    for (std::uint64_t i = 0; i < items.size(); ++i) {
        items[i] = i;
    }
    scribbled_pool = std::make_unique<PoolMap>(scribbling_workers);
    procpool::detail::Engine pool({.processes = scribbling_workers});
    if (!scribbled_pool->is_right()) {
        return "the pool lies elsewhere: this tests nothing";
    }
    procpool::MapOptions how{.chunksize = std::array<std::size_t, 3>{0, 1, 50}.at(what.word % 3)};
    if (what.ending == Ending::loops) {
        how.timeout = std::chrono::milliseconds(250);
    }
    if (auto fault = fault_of(*collect<std::uint64_t>(
                                  pool, procpool::bind_back(&square_or_scribble, what), items, how),
                              what.ending)) {
        return fault;
    }
    for (int again = 0; again < 2; ++again) {
        if (auto fault = fault_of(*collect<std::uint64_t>(pool, &square_of, items), std::nullopt)) {
            return "later: " + *fault;
        }
    }
    return std::nullopt;
}

inline std::optional<std::string> fault_after(const Scribbling& what) {
    struct Answer {
        std::array<char, 200> text{};
    };
    const support::Shared<Answer> answer;
    const int status = support::status_of_child([&] {
        ::alarm(10);
        // The workers' words about their crashes are no news here.
        static_cast<void>(std::freopen("/dev/null", "w", stderr));
        std::string fault;
        try {
            fault = try_scribble(what).value_or("");
        } catch (const std::exception& e) {
            fault = e.what();
        }
        std::strncpy(answer->text.data(), fault.c_str(), answer->text.size() - 1);
        return fault.empty();
    });
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGALRM ? "it hangs"
                                           : "signal " + std::to_string(WTERMSIG(status));
    }
    return WEXITSTATUS(status) == 0 ? std::nullopt
                                    : std::optional<std::string>(answer->text.data());
}

/// The words that a worker can write and that somebody reads.
inline std::vector<std::pair<Area, std::size_t>> scribbled_words() {
    using engine::Slot;
    std::vector<std::pair<Area, std::size_t>> words;
    for (const std::size_t at :
         {offsetof(Slot, phase),       offsetof(Slot, job),     offsetof(Slot, serial),
          offsetof(Slot, begin),       offsetof(Slot, end),     offsetof(Slot, shift),
          offsetof(Slot, claim_check), offsetof(Slot, current), offsetof(Slot, frame_first),
          offsetof(Slot, frame_pos),   offsetof(Slot, started), offsetof(Slot, verdict),
          offsetof(Slot, frame_used),  offsetof(Slot, tail),    offsetof(Slot, starved),
          offsetof(Slot, alarm),       offsetof(Slot, ready),   offsetof(Slot, initializing),
          offsetof(Slot, source),      offsetof(Slot, thefts)}) {
        words.emplace_back(Area::slot, at / 8);
    }
    for (std::size_t worker = 0; worker < scribbling_workers; ++worker) {
        words.emplace_back(Area::evidence, worker);
    }
    for (std::size_t job = 0; job < 2; ++job) {
        words.emplace_back(
            Area::job_words,
            (job * sizeof(engine::JobWords) + offsetof(engine::JobWords, claim)) / 8);
        words.emplace_back(Area::job_words,
                           (job * sizeof(engine::JobWords) + offsetof(engine::JobWords, bell)) / 8);
    }
    for (std::size_t word = 0; word < 2 * scribbling_workers; ++word) {
        words.emplace_back(Area::thefts, word);
    }
    for (const std::size_t token : {0U, 1U}) {
        words.emplace_back(Area::common_page, token);
    }
    for (const std::size_t word : {0U, 1U, 2U, 3U}) {
        words.emplace_back(Area::ring, word);
        words.emplace_back(Area::open_frame, word);
    }
    return words;
}

/// A former value of `current`, or another worker's, is as good as the right one: the item that it
/// names is taken for the one that ran. docs/protocol.md, part 7, says so.
inline bool is_beyond_notice(Area area, std::size_t word, Ink ink) {
    return area == Area::slot && word == offsetof(engine::Slot, current) / 8 &&
           (ink == Ink::of_before || ink == Ink::of_another_worker);
}

inline std::vector<Scribbling> scribblings() {
    std::vector<Scribbling> all;
    for (const auto& [area, word] : scribbled_words()) {
        for (std::size_t ink = 0; ink < ink_names.size(); ++ink) {
            for (const Part part : {Part::whole, Part::low, Part::high}) {
                const bool halves = area == Area::job_words || area == Area::common_page;
                if (part != Part::whole &&
                    (!halves || ink > static_cast<std::size_t>(Ink::plus_two))) {
                    continue;
                }
                if (is_beyond_notice(area, word, static_cast<Ink>(ink))) {
                    continue;
                }
                for (std::size_t ending = 0; ending < ending_names.size(); ++ending) {
                    all.push_back(
                        {area, word, part, static_cast<Ink>(ink), static_cast<Ending>(ending)});
                }
            }
        }
    }
    return all;
}

}  // namespace engine_test
