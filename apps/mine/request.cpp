#include "request.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "header.hpp"
#include "text.hpp"
#include "tool/text.hpp"

namespace mine {

namespace {

// The reach is computed for lengths up to this one, unless the user asks for longer suffixes or
// these are of little use.
constexpr std::uint32_t lengths_looked_at = 32;
// A length is long enough if its suffixes have this many answers for each answer that is wanted.
constexpr double plenty = 1000;
// How often each random suffix is tried, on average. A share of e^-64 of them is never tried.
constexpr double tries_of_each = 64;

Goal goal_of(const Request& request) {
    if (request.zero_bits) {
        return zero_bits_goal(request.hash, *request.zero_bits);
    }
    return request.digits == Digits::hex ? hex_goal(request.hash, request.prefix)
                                         : decimal_goal(request.hash, request.prefix);
}

void check_alphabet(const std::string& alphabet) {
    if (alphabet.size() < 2) {
        throw ImpossibleGoal(
            "an alphabet of fewer than two letters leaves nothing to choose: give --alphabet at "
            "least 2");
    }
    std::set<char> seen;
    for (const char letter : alphabet) {
        if (letter < ' ' || letter > '~') {
            throw ImpossibleGoal("--alphabet takes the printable characters of ASCII");
        }
        if (!seen.insert(letter).second) {
            throw ImpossibleGoal(
                fmt::format("the alphabet has '{}' twice: leave one of them out", letter));
        }
    }
}

void check_lengths(const Request& request) {
    for (const auto& length : {request.min_length, request.max_length}) {
        if (length && (*length < 1 || *length > longest_suffix)) {
            throw ImpossibleGoal(
                fmt::format("a suffix has 1 to {} letters, not {}", longest_suffix, *length));
        }
    }
    if (request.min_length && request.max_length && *request.min_length > *request.max_length) {
        throw ImpossibleGoal(fmt::format("--min-length {} is above --max-length {}: swap them",
                                         *request.min_length, *request.max_length));
    }
}

double suffixes(const Request& request, std::uint32_t length) {
    return std::pow(static_cast<double>(request.alphabet.size()), length);
}

/// The shortest length that has plenty of answers.
std::uint32_t long_enough(const Request& request, double share) {
    std::uint32_t length = 1;
    while (length < longest_suffix &&
           suffixes(request, length) * share < plenty * static_cast<double>(request.count)) {
        ++length;
    }
    return length;
}

struct Bounds {
    std::uint32_t shortest, longest;
};

/// The bounds that were asked for; one that was not asked for includes the good lengths if it can.
Bounds bounds(const Request& request, std::uint32_t good_shortest, std::uint32_t good_longest) {
    Bounds both{request.min_length.value_or(
                    std::min(good_shortest, request.max_length.value_or(good_shortest))),
                0};
    both.longest = request.max_length.value_or(std::max(good_longest, both.shortest));
    return both;
}

/// Of the lengths from `shortest` to `longest`: the shortest that has as many answers as are wanted
/// and meets the goal at least half as often as the best of these.
std::optional<Reach> good_length(const Request& request, const std::vector<Reach>& all,
                                 std::uint32_t shortest, std::uint32_t longest) {
    std::vector<Reach> enough;
    std::ranges::copy_if(all, std::back_inserter(enough), [&](const Reach& at) {
        return at.length >= shortest && at.length <= longest && at.share > 0 &&
               at.share * suffixes(request, at.length) >= static_cast<double>(request.count);
    });
    if (enough.empty()) {
        return std::nullopt;
    }
    const double best = std::ranges::max(enough, {}, &Reach::share).share;
    return *std::ranges::find_if(enough, [&](const Reach& at) { return at.share >= best / 2; });
}

[[noreturn]] void refuse_lengths(const Request& request, const Goal& goal, const Bounds& asked,
                                 const std::vector<Reach>& all) {
    const std::string letters =
        asked.shortest == asked.longest
            ? tool::counted(asked.shortest, "letter")
            : fmt::format("{} to {} letters", asked.shortest, asked.longest);
    const Reach best = good_length(request, all, 1, longest_suffix)
                           .value_or(std::ranges::max(all, {}, &Reach::share));
    const std::string cure =
        best.share > 0 ? fmt::format("use --min-length {0} --max-length {0}, where {1} do",
                                     best.length, percent_text(best.share))
                       : "ask for less, or give another --alphabet";
    throw ImpossibleGoal(
        fmt::format("no suffix of {} of this alphabet gives {} {} that {}{}: {}", letters,
                    request.hash == Hash::adler32 ? "an" : "a", to_string(request.hash), goal.text,
                    request.hash == Hash::adler32 ? ", since adler32 adds up slowly" : "", cure));
}

/// From which to which length suffixes are searched. Enumerating begins with one letter.
Bounds checksum_bounds(const Request& request, const std::optional<Reach>& good,
                       std::uint32_t looked_at) {
    if (!good) {
        return bounds(request, 1, looked_at);
    }
    if (request.strategy == Strategy::random) {
        return bounds(request, good->length, good->length);
    }
    return bounds(request, 1, std::max(good->length, long_enough(request, good->share)));
}

/// For adler32 and crc32: chooses lengths at which the goal can be met, and says what the user
/// should know about them.
void choose_checksum_lengths(const Request& request, const Goal& goal, Order& order) {
    std::uint32_t looked_at = std::max(
        {lengths_looked_at, request.min_length.value_or(1), request.max_length.value_or(1)});
    order.reach = reach(goal, request.base, request.alphabet, 1, looked_at);
    const std::uint32_t shortest = request.min_length.value_or(1);
    const std::uint32_t longest = request.max_length.value_or(longest_suffix);
    std::optional<Reach> good = good_length(request, order.reach, shortest, longest);
    if (looked_at < longest_suffix && (!good || good->share < goal.share() / 2)) {
        // A good hash function would meet the goal more often. So may longer suffixes.
        looked_at = longest_suffix;
        order.reach = reach(goal, request.base, request.alphabet, 1, looked_at);
        good = good_length(request, order.reach, shortest, longest);
    }
    Bounds asked = checksum_bounds(request, good, looked_at);
    asked.longest = std::min(asked.longest, looked_at);

    double share = 0;
    double all = 0;
    order.share_is_exact = true;
    std::vector<Reach> chosen;
    for (const Reach& at : order.reach) {
        if (at.length < asked.shortest || at.length > asked.longest || at.share == 0) {
            continue;
        }
        chosen.push_back(at);
        order.lengths.push_back(at.length);
        order.share_is_exact = order.share_is_exact && at.exact;
        const double weight =
            request.strategy == Strategy::random ? 1 : suffixes(request, at.length);
        share += at.share * weight;
        all += weight;
    }
    if (chosen.empty()) {
        refuse_lengths(request, goal, asked, order.reach);
    }
    order.share = share / all;

    order.notes.push_back(fmt::format("of the suffixes of 1 to {} letters these meet it: {}",
                                      looked_at, reach_text(order.reach)));
    if (std::ranges::all_of(chosen, [](const Reach& at) { return at.share == 1; })) {
        order.notes.emplace_back(
            "every suffix looked at meets the goal: there is nothing to search; ask for more");
    }
    if (request.hash == Hash::adler32 && request.strategy == Strategy::enumerate &&
        chosen.front().share < 1) {
        order.notes.push_back(fmt::format(
            "adler32 hardly changes from one suffix to the next, so the first of {} letters that "
            "meets it may be too far off to be reached: --min-length {} passes over this length, "
            "--strategy random meets the average",
            chosen.front().length, chosen.front().length + 1));
    }
}

/// For the other hashes, where no length is better than another.
void choose_lengths(const Request& request, Order& order) {
    const std::uint32_t length = long_enough(request, order.share);
    const Bounds asked = request.strategy == Strategy::random ? bounds(request, length, length)
                                                              : bounds(request, 1, length);
    order.lengths.resize(asked.longest - asked.shortest + 1);
    std::iota(order.lengths.begin(), order.lengths.end(), asked.shortest);
}

void make_spans(const Request& request, Order& order) {
    constexpr double most = 18446744073709549568.0;  // the largest double that fits in 64 bits
    double left = request.limit > 0 ? static_cast<double>(request.limit) : 1e300;
    const auto add = [&](std::uint64_t first, double count, std::uint32_t length) {
        count = std::min({count, left, most});
        if (count < 1) {
            return;
        }
        left -= count;
        order.candidates += count;
        order.plan.spans.push_back(
            {.first = first, .count = static_cast<std::uint64_t>(count), .length = length});
    };
    if (request.strategy == Strategy::enumerate) {
        for (const auto length : order.lengths) {
            add(0, suffixes(request, length), length);
        }
        return;
    }
    // All lengths have an equal share of the stream, in groups. So the longest decides how much of
    // the stream is needed.
    const double groups = std::ceil(tries_of_each * suffixes(request, order.lengths.back()) /
                                    static_cast<double>(length_group));
    add(0, groups * static_cast<double>(length_group * order.lengths.size()), 0);
}

Order suffix_order(const Request& request) {
    check_alphabet(request.alphabet);
    check_lengths(request);
    const Goal goal = goal_of(request);

    Order order{.goal = fmt::format("{} {}", to_string(request.hash), goal.text),
                .share = goal.share()};
    if (is_checksum(request.hash)) {
        choose_checksum_lengths(request, goal, order);
    } else {
        choose_lengths(request, order);
    }
    order.plan.search = make_search(request.strategy, goal, request.base, request.alphabet,
                                    order.lengths, request.seed);
    make_spans(request, order);
    order.plan.verify = [goal, base = request.base](const std::string& suffix) {
        std::string hash = digest(goal.hash, base + suffix);
        if (!goal.met_by(leading_number(hash))) {
            throw std::logic_error(fmt::format(
                "the suffix {} was found but does not meet the goal: this is a bug", suffix));
        }
        return hash;
    };
    return order;
}

Order header_order(const Request& request) {
    if (request.nonce_from > request.nonce_to) {
        throw ImpossibleGoal(fmt::format("--nonce-from {} is above --nonce-to {}: swap them",
                                         request.nonce_from, request.nonce_to));
    }
    Order order;
    order.plan.search = header_search(request.header);
    order.goal = fmt::format("block hash is at most {}", target_text(order.plan.search));
    order.share = header_share(order.plan.search);
    std::uint64_t count = std::uint64_t{request.nonce_to} - request.nonce_from + 1;
    if (request.limit > 0) {
        count = std::min(count, request.limit);
    }
    order.plan.spans = {{.first = request.nonce_from, .count = count, .length = 0}};
    order.candidates = static_cast<double>(count);
    order.notes.push_back(
        fmt::format("{} {}: with a chance of {} one of them meets the target",
                    count_text(order.candidates), tool::noun_for(count, "nonce"),
                    percent_text(-std::expm1(order.candidates * std::log1p(-order.share)))));
    order.plan.verify = [header = request.header,
                         search = order.plan.search](const std::string& nonce) {
        std::string hash = header_digest(header, nonce);
        if (!meets_target(search, to_hex(hash))) {
            throw std::logic_error("a nonce was found but does not meet the target: this is a bug");
        }
        return hash;
    };
    return order;
}

}  // namespace

double Order::expected() const {
    return std::min(candidates, static_cast<double>(plan.wanted) / share);
}

Order make_order(const Request& request) {
    if (request.count < 1) {
        throw ImpossibleGoal("--count 0 asks for nothing: give at least 1");
    }
    Order order = request.header.empty() ? suffix_order(request) : header_order(request);
    order.plan.wanted = request.count;
    return order;
}

std::string hash_text(const Request& request, std::string_view digest) {
    if (request.header.empty() && !request.zero_bits && request.digits == Digits::dec) {
        return std::to_string(leading_number(digest));
    }
    return to_hex(digest);
}

std::string reach_text(const std::vector<Reach>& reach) {
    const auto said = [](const Reach& at) -> std::string {
        if (at.share == 0) {
            return "none";
        }
        if (at.share == 1) {
            return "all";
        }
        return (at.exact ? "" : "about ") + percent_text(at.share);
    };
    std::string text;
    for (std::size_t i = 0; i < reach.size();) {
        std::size_t last = i;
        while (last + 1 < reach.size() && said(reach[last + 1]) == said(reach[i])) {
            ++last;
        }
        if (!text.empty()) {
            text += ", ";
        }
        text += fmt::format("{}", reach[i].length);
        if (last > i) {
            text += fmt::format(" to {}", reach[last].length);
        }
        text += fmt::format(": {}", said(reach[i]));
        i = last + 1;
    }
    return text;
}

}  // namespace mine
