#include "crc_reach.hpp"

#include <string>
#include <utility>

#include "hash.hpp"
#include "reach_count.hpp"

namespace mine {

// crc32 is linear: the checksum of a message is that of the message with the first letter of the
// alphabet everywhere in the suffix, exclusive or the difference that each letter makes at its
// place.
std::vector<Reach> crc_reach(const Goal& goal, std::string_view base, std::string_view alphabet,
                             std::uint32_t shortest, std::uint32_t longest) {
    const std::vector<double> shares = upper_shares(goal);
    const auto crc = [](const std::string& text) {
        return static_cast<std::uint32_t>(leading_number(digest(Hash::crc32, text)));
    };
    std::vector<Reach> all;
    // The distribution of the upper 16 bits of all differences together.
    std::vector<double> now(1 << 16, 0.0);
    now[0] = 1;
    const double each = 1 / static_cast<double>(alphabet.size());
    std::string zeros;  // what is behind the letter whose difference is computed
    for (std::uint32_t length = 1; length <= longest; ++length) {
        // The letter that is `length` letters from the end.
        std::vector<double> next(1 << 16, 0.0);
        const std::uint32_t same = crc(alphabet[0] + zeros);
        for (const char letter : alphabet) {
            const std::uint32_t change = (crc(letter + zeros) ^ same) >> 16;
            for (std::uint32_t i = 0; i < next.size(); ++i) {
                next[i ^ change] += now[i] * each;
            }
        }
        now = std::move(next);
        zeros += '\0';
        if (length < shortest) {
            continue;
        }
        if (can_be_counted(alphabet, length)) {
            all.push_back(count_all(goal, base, alphabet, length));
            continue;
        }
        const std::uint32_t origin =
            crc(std::string(base) + std::string(length, alphabet[0])) >> 16;
        Tally tally;
        for (std::uint32_t i = 0; i < now.size(); ++i) {
            tally.add(now[i], shares[origin ^ i]);
        }
        all.push_back(tally.reach(length));
    }
    return all;
}

}  // namespace mine
