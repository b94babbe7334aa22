#include "reach.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "hash.hpp"
#include "search.hpp"

namespace mine {

namespace {

constexpr std::uint64_t few_suffixes = 1 << 20;      // so many are counted out
constexpr std::uint64_t most_steps = 1'000'000'000;  // additions of the two sums' distribution
constexpr std::uint32_t adler_modulus = 65521;

/// What the upper 16 bits of a checksum say about the goal: the share of the lower 16 bits with
/// which it is met.
using Upper = std::vector<double>;

Upper upper_shares(const Goal& goal) {
    Upper shares(1 << 16, 0.0);
    for (const Range& range : goal.ranges) {
        for (std::uint64_t upper = range.first >> 16; upper <= range.last >> 16; ++upper) {
            const std::uint64_t first = std::max(range.first, upper << 16);
            const std::uint64_t last = std::min(range.last, (upper << 16) | 0xffff);
            shares[upper] += std::ldexp(static_cast<double>(last - first + 1), -16);
        }
    }
    return shares;
}

/// Sums up the probabilities of what is met and of what is not, so that "none" and "all" are not
/// blurred by rounding.
class Tally {
public:
    void add(double probability, double share) {
        if (probability == 0) return;
        met_ += probability * share;
        missed_ += probability * (1 - share);
        exact_ = exact_ && (share == 0 || share == 1);
    }
    [[nodiscard]] Reach reach(std::uint32_t length) const {
        // A share that rounds to 0 or 1 is neither.
        constexpr double most = 1 - std::numeric_limits<double>::epsilon();
        double share = missed_ == 0 ? 1 : std::min(met_, most);
        if (met_ == 0) share = 0;
        return {.length = length, .share = share, .exact = exact_};
    }

private:
    double met_ = 0;
    double missed_ = 0;
    bool exact_ = true;
};

/// Letters as steps above the lowest of them.
struct Steps {
    explicit Steps(std::string_view alphabet) {
        const auto value = [](char letter) {
            return std::uint32_t{static_cast<unsigned char>(letter)};
        };
        lowest = value(std::ranges::min(alphabet, {}, value));
        for (const char letter : alphabet) above.push_back(value(letter) - lowest);
        highest = std::ranges::max(above);
    }
    std::uint32_t lowest;
    std::uint32_t highest;  // above the lowest
    std::vector<std::uint32_t> above;
};

Reach count_out(const Goal& goal, std::string_view base, std::string_view alphabet,
                std::uint32_t length) {
    const Search search = make_search(Strategy::enumerate, goal, base, alphabet);
    const std::uint64_t count = count_suffixes(alphabet.size(), length);
    const Report report =
        work_off(search, {.first = 0, .count = count, .length = length}, count + 1);
    return {.length = length,
            .share = static_cast<double>(report.second.size()) / static_cast<double>(count)};
}

// ---- adler32 -----------------------------------------------------------------------------------

// With letters lowest + d_i the lower sum is that of the base + length x lowest + S, S = sum of the
// d_i, and the upper one that of the base and of all lower sums on the way: a constant + T, T = sum
// of (length - i) d_i, counted from i = 0.

/// Where the sums of a base and `length` of the lowest letters are.
struct AdlerOrigin {
    std::uint64_t lower = 0;
    std::uint64_t upper = 0;

    AdlerOrigin(std::uint32_t checksum, std::uint64_t lowest, std::uint64_t length)
        : lower((checksum & 0xffff) + length * lowest),
          upper((checksum >> 16) + length * (checksum & 0xffff) +
                lowest * (length * (length + 1) / 2)) {}
};

/// The distribution of T modulo 65521; S is not looked at. One letter more is one weight more.
class UpperSums {
public:
    UpperSums() { now_[0] = 1; }
    void add_letter(const Steps& steps) {
        ++length_;
        std::vector<double> next(adler_modulus, 0.0);
        const double each = 1 / static_cast<double>(steps.above.size());
        for (const std::uint32_t step : steps.above) {
            const std::uint32_t shift = length_ * step % adler_modulus;
            for (std::uint32_t t = 0; t < adler_modulus - shift; ++t)
                next[t + shift] += now_[t] * each;
            for (std::uint32_t t = adler_modulus - shift; t < adler_modulus; ++t)
                next[t + shift - adler_modulus] += now_[t] * each;
        }
        now_ = std::move(next);
    }
    [[nodiscard]] Reach reach(const Upper& shares, const AdlerOrigin& origin) const {
        Tally tally;
        for (std::uint32_t t = 0; t < adler_modulus; ++t)
            tally.add(now_[t], shares[(origin.upper + t) % adler_modulus]);
        return tally.reach(length_);
    }

private:
    std::vector<double> now_ = std::vector<double>(adler_modulus, 0.0);
    std::uint32_t length_ = 0;
};

/// The distribution of (S, T): rows of S. One letter d more at the end: S + d, T + S + d.
class BothSums {
public:
    void add_letter(const Steps& steps) {
        ++length_;
        const std::uint32_t rows = length_ * steps.highest + 1;
        const std::uint32_t columns = length_ * (length_ + 1) / 2 * steps.highest + 1;
        std::vector<std::vector<double>> next(rows, std::vector<double>(columns, 0.0));
        const double each = 1 / static_cast<double>(steps.above.size());
        for (std::uint32_t s = 0; s < rows_.size(); ++s) {
            for (const std::uint32_t step : steps.above) {
                double* const out = next[s + step].data() + s + step;
                for (std::size_t t = 0; t < rows_[s].size(); ++t) out[t] += rows_[s][t] * each;
            }
        }
        rows_ = std::move(next);
    }
    /// Additions that one letter more would take.
    [[nodiscard]] std::uint64_t price(const Steps& steps) const {
        return std::uint64_t{rows_.size()} * rows_[0].size() * steps.above.size();
    }
    [[nodiscard]] Reach reach(const Goal& goal, const AdlerOrigin& origin) const {
        Tally tally;
        for (std::uint64_t s = 0; s < rows_.size(); ++s) {
            const std::uint64_t lower = (origin.lower + s) % adler_modulus;
            for (std::uint64_t t = 0; t < rows_[s].size(); ++t) {
                if (rows_[s][t] == 0) continue;
                const std::uint64_t upper = (origin.upper + t) % adler_modulus;
                tally.add(rows_[s][t], goal.met_by(upper << 16 | lower) ? 1 : 0);
            }
        }
        return tally.reach(length_);
    }

private:
    std::vector<std::vector<double>> rows_{{1.0}};
    std::uint32_t length_ = 0;
};

std::vector<Reach> reach_of_adler(const Goal& goal, std::string_view base,
                                  std::string_view alphabet, std::uint32_t shortest,
                                  std::uint32_t longest) {
    const auto checksum = static_cast<std::uint32_t>(leading_number(digest(Hash::adler32, base)));
    const Steps steps(alphabet);
    const Upper shares = upper_shares(goal);
    // The lower sum is below 65521: what is only met above it does not count.
    const bool upper_decides = std::ranges::all_of(goal.ranges, [](const Range& range) {
        return (range.first & 0xffff) == 0 && (range.last & 0xffff) == 0xffff;
    });

    std::vector<Reach> all;
    UpperSums upper;
    BothSums both;
    bool affordable = !upper_decides;
    std::uint64_t spent = 0;
    for (std::uint32_t length = 1; length <= longest; ++length) {
        upper.add_letter(steps);
        if (affordable) {
            spent += both.price(steps);
            affordable = spent <= most_steps;
            if (affordable) both.add_letter(steps);
        }
        if (length < shortest) continue;
        const AdlerOrigin origin(checksum, steps.lowest, length);
        if (count_suffixes(alphabet.size(), length) <= few_suffixes) {
            all.push_back(count_out(goal, base, alphabet, length));
        } else {
            all.push_back(affordable ? both.reach(goal, origin) : upper.reach(shares, origin));
        }
    }
    return all;
}

// ---- crc32 -------------------------------------------------------------------------------------

/// The checksum of a message of this length is that of the same message with the lowest letters
/// instead, exclusive or what each letter's difference does at its place alone: crc32 is linear.
std::vector<Reach> reach_of_crc(const Goal& goal, std::string_view base, std::string_view alphabet,
                                std::uint32_t shortest, std::uint32_t longest) {
    const Upper shares = upper_shares(goal);
    const auto crc = [](const std::string& text) {
        return static_cast<std::uint32_t>(leading_number(digest(Hash::crc32, text)));
    };
    std::vector<Reach> all;
    std::vector<double> now(1 << 16, 0.0);  // of the upper 16 bits of the differences
    now[0] = 1;
    const double each = 1 / static_cast<double>(alphabet.size());
    std::string zeros;  // behind the letter of which the difference is asked
    for (std::uint32_t length = 1; length <= longest; ++length) {
        // The letter that is `length` letters from the end.
        std::vector<double> next(1 << 16, 0.0);
        const std::uint32_t same = crc(alphabet[0] + zeros);
        for (const char letter : alphabet) {
            const std::uint32_t change = (crc(letter + zeros) ^ same) >> 16;
            for (std::uint32_t i = 0; i < next.size(); ++i) next[i ^ change] += now[i] * each;
        }
        now = std::move(next);
        zeros += '\0';
        if (length < shortest) continue;
        if (count_suffixes(alphabet.size(), length) <= few_suffixes) {
            all.push_back(count_out(goal, base, alphabet, length));
            continue;
        }
        const std::uint32_t origin =
            crc(std::string(base) + std::string(length, alphabet[0])) >> 16;
        Tally tally;
        for (std::uint32_t i = 0; i < now.size(); ++i) tally.add(now[i], shares[origin ^ i]);
        all.push_back(tally.reach(length));
    }
    return all;
}

}  // namespace

std::vector<Reach> reach(const Goal& goal, std::string_view base, std::string_view alphabet,
                         std::uint32_t shortest, std::uint32_t longest) {
    return goal.hash == Hash::adler32 ? reach_of_adler(goal, base, alphabet, shortest, longest)
                                      : reach_of_crc(goal, base, alphabet, shortest, longest);
}

}  // namespace mine
