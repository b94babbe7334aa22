#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// What a journal (MapOptions::journal) says of an item.
struct JournalItem {
    enum class State : std::uint8_t {
        done,         ///< a later call has its result from here
        failed,       ///< it threw: a later call runs it again
        quarantined,  ///< it killed its worker or timed out: not run again, but with retry_failed
    };

    std::size_t index = 0;  ///< in the range
    State state = State::done;
    std::uint64_t input_hash = 0;          ///< of its bytes; 0: known by its index alone
    std::size_t size = 0;                  ///< bytes of its result
    int attempts = 0;                      ///< 0: not known
    std::chrono::nanoseconds duration{0};  ///< of the last try; 0: not known
    std::string message{};                 ///< why it has no result
};

/// What a journal holds.
struct JournalContents {
    std::string type{};                  ///< of the results
    std::optional<std::size_t> count{};  ///< items of the last call, if that is known
    std::vector<JournalItem> items{};    ///< the newest word on each index, in their order
    std::uint64_t records = 0;           ///< all that are whole
    std::uint64_t damaged = 0;           ///< bytes before the last whole record that are in none
    std::uint64_t torn = 0;              ///< bytes behind it: the next call cuts them off

    /// Items of the last call of which it says nothing; nothing if their number is not known.
    [[nodiscard]] std::optional<std::size_t> missing() const;
};

/// Reads a journal and verifies its checksums. Changes nothing and takes no lock: a call of another
/// program may be writing it, and its last record may then seem torn. Not for a file that a call of
/// this program is writing: it would lose its lock for a moment. Any thread; blocks as reading a
/// file does. Throws std::system_error if the file cannot be read, std::invalid_argument if it is
/// no journal, std::bad_alloc.
[[nodiscard]] JournalContents read_journal(const std::string& file);

PROCPOOL_END_NAMESPACE
