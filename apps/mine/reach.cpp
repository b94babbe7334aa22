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

constexpr std::uint64_t few_suffixes = 1 << 20;  // so many are counted out
constexpr std::uint64_t most_cells = 1 << 22;    // of the two sums' distribution: 32 MiB
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
        if (probability == 0) {
            return;
        }
        met_ += probability * share;
        missed_ += probability * (1 - share);
        exact_ = exact_ && (share == 0 || share == 1);
    }
    [[nodiscard]] Reach reach(std::uint32_t length) const {
        // A share that rounds to 0 or 1 is neither.
        constexpr double most = 1 - std::numeric_limits<double>::epsilon();
        double share = missed_ == 0 ? 1 : std::min(met_, most);
        if (met_ == 0) {
            share = 0;
        }
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
        for (const char letter : alphabet) {
            above.push_back(value(letter) - lowest);
        }
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
            for (std::uint32_t t = 0; t < adler_modulus - shift; ++t) {
                next[t + shift] += now_[t] * each;
            }
            for (std::uint32_t t = adler_modulus - shift; t < adler_modulus; ++t) {
                next[t + shift - adler_modulus] += now_[t] * each;
            }
        }
        now_ = std::move(next);
    }
    [[nodiscard]] Reach reach(const Upper& shares, const AdlerOrigin& origin) const {
        Tally tally;
        for (std::uint32_t t = 0; t < adler_modulus; ++t) {
            tally.add(now_[t], shares[(origin.upper + t) % adler_modulus]);
        }
        return tally.reach(length_);
    }
    /// The probability of each T modulo 65521.
    [[nodiscard]] const std::vector<double>& probabilities() const { return now_; }

private:
    std::vector<double> now_ = std::vector<double>(adler_modulus, 0.0);
    std::uint32_t length_ = 0;
};

/// The distribution of S; T is not looked at.
class LowerSums {
public:
    void add_letter(const Steps& steps) {
        std::vector<double> next(now_.size() + steps.highest, 0.0);
        const double each = 1 / static_cast<double>(steps.above.size());
        for (const std::uint32_t step : steps.above) {
            for (std::size_t s = 0; s < now_.size(); ++s) {
                next[s + step] += now_[s] * each;
            }
        }
        now_ = std::move(next);
    }
    [[nodiscard]] const std::vector<double>& probabilities() const { return now_; }

private:
    std::vector<double> now_{1.0};
};

/// The distribution of (S, T): rows of S. One letter d more at the end: S + d, T + S + d.
class BothSums {
public:
    void add_letter(const Steps& steps) {
        ++length_;
        std::vector<std::vector<double>> next(rows(steps, length_),
                                              std::vector<double>(columns(steps, length_), 0.0));
        const double each = 1 / static_cast<double>(steps.above.size());
        for (std::uint32_t s = 0; s < rows_.size(); ++s) {
            for (const std::uint32_t step : steps.above) {
                double* const out = next[s + step].data() + s + step;
                for (std::size_t t = 0; t < rows_[s].size(); ++t) {
                    out[t] += rows_[s][t] * each;
                }
            }
        }
        rows_ = std::move(next);
    }
    /// The cells that there are with one letter more.
    [[nodiscard]] std::uint64_t price(const Steps& steps) const {
        return rows(steps, length_ + 1) * columns(steps, length_ + 1);
    }
    [[nodiscard]] Reach reach(const Goal& goal, const AdlerOrigin& origin) const {
        Tally tally;
        for (std::uint64_t s = 0; s < rows_.size(); ++s) {
            const std::uint64_t lower = (origin.lower + s) % adler_modulus;
            for (std::uint64_t t = 0; t < rows_[s].size(); ++t) {
                if (rows_[s][t] == 0) {
                    continue;
                }
                const std::uint64_t upper = (origin.upper + t) % adler_modulus;
                tally.add(rows_[s][t], goal.met_by(upper << 16 | lower) ? 1 : 0);
            }
        }
        return tally.reach(length_);
    }

private:
    static std::uint64_t rows(const Steps& steps, std::uint64_t length) {
        return length * steps.highest + 1;
    }
    static std::uint64_t columns(const Steps& steps, std::uint64_t length) {
        return length * (length + 1) / 2 * steps.highest + 1;
    }

    std::vector<std::vector<double>> rows_{{1.0}};
    std::uint32_t length_ = 0;
};

/// The probability that T modulo 65521 is in an interval.
class UpperMass {
public:
    explicit UpperMass(const std::vector<double>& probabilities) {
        for (const double probability : probabilities) {
            mass_.push_back(mass_.back() + probability);
            some_.push_back(some_.back() + (probability > 0 ? 1 : 0));
        }
    }
    /// Of T from `first` to `last`, fewer than 65521 of them. 0 only if none of them can be.
    [[nodiscard]] double of(std::uint64_t first, std::uint64_t last) const {
        const std::uint64_t begin = first % adler_modulus;
        const std::uint64_t end = begin + (last - first) + 1;
        if (end <= adler_modulus) {
            return between(begin, end);
        }
        return between(begin, adler_modulus) + between(0, end - adler_modulus);
    }

private:
    [[nodiscard]] double between(std::uint64_t begin, std::uint64_t end) const {
        if (some_[begin] == some_[end]) {
            return 0;
        }
        return std::max(mass_[end] - mass_[begin], std::numeric_limits<double>::min());
    }

    std::vector<double> mass_{0.0};
    std::vector<std::uint32_t> some_{0};  // how many of them can be
};

/// For sums too many to be followed together: as if T did not depend on S but for the least and
/// the greatest T that an S leaves.
class SumsApart {
public:
    SumsApart(const LowerSums& lower, const UpperSums& upper, const Steps& steps,
              std::uint32_t length)
        : lower_(lower.probabilities()),
          upper_(upper.probabilities()),
          highest_(steps.highest),
          length_(length) {}

    [[nodiscard]] Reach reach(const Goal& goal, const AdlerOrigin& origin) const {
        double share = 0;
        for (std::uint64_t s = 0; s < lower_.size(); ++s) {
            if (lower_[s] == 0) {
                continue;
            }
            const std::uint64_t lower = (origin.lower + s) % adler_modulus;
            double met = 0;
            for (const Range& range : goal.ranges) {
                met += met_in(range, lower, s, origin.upper);
            }
            share += lower_[s] * std::min(met, 1.0);
        }
        constexpr double most = 1 - std::numeric_limits<double>::epsilon();
        return {.length = length_, .share = std::min(share, most), .exact = share == 0};
    }

private:
    /// T with this S. The least has the large letters at the end, where they weigh 1, 2, 3; the
    /// greatest at the beginning.
    [[nodiscard]] Range sums_with(std::uint64_t s) const {
        const std::uint64_t full = s / highest_;
        const std::uint64_t rest = s % highest_;
        const std::uint64_t least = highest_ * (full * (full + 1) / 2) + rest * (full + 1);
        const std::uint64_t most = highest_ * (full * length_) -
                                   highest_ * (full * (full - 1) / 2) + rest * (length_ - full);
        // Beyond the modulus it begins anew.
        return {least, std::min(most, least + adler_modulus - 1)};
    }

    [[nodiscard]] double met_in(const Range& range, std::uint64_t lower, std::uint64_t s,
                                std::uint64_t origin) const {
        // The upper sums with which a hash of this lower sum is in the range.
        std::uint64_t first = (range.first >> 16) + (lower < (range.first & 0xffff) ? 1 : 0);
        std::uint64_t end = (range.last >> 16) + (lower <= (range.last & 0xffff) ? 1 : 0);
        end = std::min<std::uint64_t>(end, adler_modulus);
        if (first >= end) {
            return 0;
        }

        const Range sums = sums_with(s);
        double met = 0;
        // first - origin + k moduli, from the last of these that is not above the least sum.
        const std::uint64_t shift = adler_modulus - origin % adler_modulus;
        first += shift + sums.first / adler_modulus * adler_modulus;
        end += shift + sums.first / adler_modulus * adler_modulus;
        for (int back = 0; back < 2 && first >= adler_modulus; ++back) {
            first -= adler_modulus;
            end -= adler_modulus;
        }
        for (; first <= sums.last; first += adler_modulus, end += adler_modulus) {
            const std::uint64_t from = std::max(first, sums.first);
            const std::uint64_t to = std::min(end - 1, sums.last);
            if (from <= to) {
                met += upper_.of(from, to);
            }
        }
        return met / std::max(upper_.of(sums.first, sums.last), met);
    }

    const std::vector<double>& lower_;
    UpperMass upper_;
    std::uint64_t highest_;
    std::uint32_t length_;
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
    LowerSums lower;
    UpperSums upper;
    BothSums both;
    bool affordable = !upper_decides;
    for (std::uint32_t length = 1; length <= longest; ++length) {
        lower.add_letter(steps);
        upper.add_letter(steps);
        if (affordable) {
            affordable = both.price(steps) <= most_cells;
            if (affordable) {
                both.add_letter(steps);
            }
        }
        if (length < shortest) {
            continue;
        }
        const AdlerOrigin origin(checksum, steps.lowest, length);
        if (count_suffixes(alphabet.size(), length) <= few_suffixes) {
            all.push_back(count_out(goal, base, alphabet, length));
        } else if (upper_decides) {
            all.push_back(upper.reach(shares, origin));
        } else if (affordable) {
            all.push_back(both.reach(goal, origin));
        } else {
            all.push_back(SumsApart(lower, upper, steps, length).reach(goal, origin));
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
            for (std::uint32_t i = 0; i < next.size(); ++i) {
                next[i ^ change] += now[i] * each;
            }
        }
        now = std::move(next);
        zeros += '\0';
        if (length < shortest) {
            continue;
        }
        if (count_suffixes(alphabet.size(), length) <= few_suffixes) {
            all.push_back(count_out(goal, base, alphabet, length));
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

}  // namespace

std::vector<Reach> reach(const Goal& goal, std::string_view base, std::string_view alphabet,
                         std::uint32_t shortest, std::uint32_t longest) {
    return goal.hash == Hash::adler32 ? reach_of_adler(goal, base, alphabet, shortest, longest)
                                      : reach_of_crc(goal, base, alphabet, shortest, longest);
}

}  // namespace mine
