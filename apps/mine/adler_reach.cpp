#include "adler_reach.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "hash.hpp"
#include "reach_count.hpp"

namespace mine {

namespace {

// adler32 is two sums modulo 65521: the lower one of all bytes, the upper one of all values that
// the lower one takes on the way. Let the letters of a suffix be lowest + d_i, i from 0. Then
//
//   lower sum = that of the base + length x lowest + S,  S = sum of the d_i
//   upper sum = a constant + T,                          T = sum of (length - i) d_i

constexpr std::uint32_t adler_modulus = 65521;
constexpr std::uint64_t most_cells = 1 << 22;  // of the distribution of both sums: 32 MiB

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

/// The two sums of a base and `length` of the lowest letters: S and T come on top of them.
struct AdlerOrigin {
    std::uint64_t lower = 0;
    std::uint64_t upper = 0;

    AdlerOrigin(std::uint32_t checksum, std::uint64_t lowest, std::uint64_t length)
        : lower((checksum & 0xffff) + length * lowest),
          upper((checksum >> 16) + length * (checksum & 0xffff) +
                lowest * (length * (length + 1) / 2)) {}
};

/// The distribution of T modulo 65521, whatever S is. One letter more is one weight more.
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
    [[nodiscard]] Reach reach(const std::vector<double>& shares, const AdlerOrigin& origin) const {
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

/// The distribution of S, whatever T is.
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

/// The distribution of (S, T), a row for each S. A letter d more at the end makes them S + d and
/// T + S + d.
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
    /// How many cells there would be with one letter more.
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
    /// The probability that T is one of `first` to `last`, fewer than 65521 values. 0 only if none
    /// of them is possible.
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
    std::vector<std::uint32_t> some_{0};  // how many values before are possible
};

/// For distributions of (S, T) that are too large: an estimate, as if T did not depend on S. Only
/// the least and the greatest T that are possible with an S are respected.
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
    /// The values of T that are possible with this S. The least T has the large letters at the end,
    /// where their weights are 1, 2, 3; the greatest T has them at the beginning.
    [[nodiscard]] Range sums_with(std::uint64_t s) const {
        const std::uint64_t full = s / highest_;
        const std::uint64_t rest = s % highest_;
        const std::uint64_t least = highest_ * (full * (full + 1) / 2) + rest * (full + 1);
        const std::uint64_t most = highest_ * (full * length_) -
                                   highest_ * (full * (full - 1) / 2) + rest * (length_ - full);
        // A range longer than the modulus would count values twice.
        return {least, std::min(most, least + adler_modulus - 1)};
    }

    [[nodiscard]] double met_in(const Range& range, std::uint64_t lower, std::uint64_t s,
                                std::uint64_t origin) const {
        // With upper sums from `first` to below `end`, a hash of this lower sum is in the range.
        std::uint64_t first = (range.first >> 16) + (lower < (range.first & 0xffff) ? 1 : 0);
        std::uint64_t end = (range.last >> 16) + (lower <= (range.last & 0xffff) ? 1 : 0);
        end = std::min<std::uint64_t>(end, adler_modulus);
        if (first >= end) {
            return 0;
        }

        const Range sums = sums_with(s);
        double met = 0;
        // The same as values of T: minus the origin, plus a multiple of the modulus. The first
        // multiple is the last one that is not above the least sum.
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

}  // namespace

std::vector<Reach> adler_reach(const Goal& goal, std::string_view base, std::string_view alphabet,
                               std::uint32_t shortest, std::uint32_t longest) {
    const auto checksum = static_cast<std::uint32_t>(leading_number(digest(Hash::adler32, base)));
    const Steps steps(alphabet);
    const std::vector<double> shares = upper_shares(goal);
    // If all ranges begin and end with whole values of the upper 16 bits, the lower sum decides
    // nothing.
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
        if (can_be_counted(alphabet, length)) {
            all.push_back(count_all(goal, base, alphabet, length));
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

}  // namespace mine
