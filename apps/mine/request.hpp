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

/// What somebody asks for.
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

    std::string header{};  ///< of a block: then nothing above but the limit counts
    std::uint32_t nonce_from = 0;
    std::uint32_t nonce_to = 0xffffffff;
};

/// What is to be done, and what can be said of it before.
struct Order {
    Plan plan{};
    std::string goal{};                    ///< "adler32 begins with 0 in hexadecimal"
    std::vector<std::string> notes{};      ///< what somebody should know before the work starts
    std::vector<std::uint32_t> lengths{};  ///< of the suffixes looked at
    std::vector<Reach> reach{};            ///< of the checksums, per length
    double share = 0;                      ///< of the candidates that meet the goal
    bool share_is_exact = false;
    double candidates = 0;  ///< all there are to look at

    /// The hashes until all that is wanted is found, on average; all candidates if there are fewer.
    [[nodiscard]] double expected() const;
};

/// Throws ImpossibleGoal when the request is none or cannot be met; the message says why and what
/// to do.
[[nodiscard]] Order make_order(const Request& request);

/// The hash of an answer as the request writes it.
[[nodiscard]] std::string hash_text(const Request& request, std::string_view digest);

/// "1 to 18 letters: none, 19: 12.5 %, 20: 97 %"
[[nodiscard]] std::string reach_text(const std::vector<Reach>& reach);

}  // namespace mine
