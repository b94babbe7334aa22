#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "goal.hpp"
#include "hash.hpp"
#include "miner.hpp"
#include "reach.hpp"
#include "search.hpp"

namespace mine {

enum class Digits { hex, dec };

/// What the user asks for.
struct Request {
    Hash hash = Hash::adler32;
    std::string base = "I miss DSR already";
    Digits digits = Digits::hex;
    std::string prefix = "0";
    std::optional<int> zero_bits{};  ///< instead of a prefix
    Strategy strategy = Strategy::random;
    std::string alphabet = "abcdefghijklmnopqrstuvwxyz";
    std::optional<std::uint32_t> min_length{};
    std::optional<std::uint32_t> max_length{};
    std::uint64_t count = 1;
    std::uint64_t seed = 0;
    std::uint64_t limit = 0;  ///< hashes; 0: none

    std::string header{};  ///< of a block; if there is one, only the limit counts of all above
    std::uint32_t nonce_from = 0;
    std::uint32_t nonce_to = 0xffffffff;
};

/// A request, worked out: what is to be done, and what is known before the work.
struct Order {
    Plan plan{};
    std::string goal{};                    ///< "adler32 begins with 0 in hexadecimal"
    std::vector<std::string> notes{};      ///< what the user should know before the work starts
    std::vector<std::uint32_t> lengths{};  ///< of the suffixes that are searched
    std::vector<Reach> reach{};            ///< by length; for adler32 and crc32 only
    double share = 0;                      ///< of the candidates, those that meet the goal
    bool share_is_exact = false;
    double candidates = 0;  ///< how many there are to search

    /// How many hashes it takes on average to find all that is wanted; at most all candidates.
    [[nodiscard]] double expected() const;
};

/// Works a request out. Throws ImpossibleGoal when it makes no sense or cannot be met; the message
/// says why, and what to do.
[[nodiscard]] Order make_order(const Request& request);

/// The hash of an answer, written in the digits that the request asks for.
[[nodiscard]] std::string hash_text(const Request& request, std::string_view digest);

/// "1 to 18 letters: none, 19: 12.5 %, 20: 97 %"
[[nodiscard]] std::string reach_text(const std::vector<Reach>& reach);

}  // namespace mine
