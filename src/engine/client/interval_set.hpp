#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// A set of numbers, as disjoint half-open intervals in ascending order. Items are claimed in
/// order, so there are about as many intervals as workers, whatever the number of items.
class IntervalSet {
public:
    struct Interval {
        std::uint64_t begin;
        std::uint64_t end;
    };

    /// Call it before insert(): that then throws nothing. Throws std::bad_alloc.
    void make_room() {
        if (intervals_.size() == intervals_.capacity()) {
            intervals_.reserve(2 * intervals_.size() + 1);
        }
    }

    /// Adds [begin, end). False, and nothing changed, if any of it is there already. Throws
    /// std::bad_alloc, and nothing changed.
    bool insert(std::uint64_t begin, std::uint64_t end) {
        if (begin >= end) {
            return begin == end;
        }
        if (!intervals_.empty() && intervals_.back().end == begin) {
            intervals_.back().end = end;
            total_ += end - begin;
            return true;
        }
        auto after = std::upper_bound(
            intervals_.begin(), intervals_.end(), begin,
            [](std::uint64_t at, const Interval& interval) { return at < interval.begin; });
        if ((after != intervals_.end() && after->begin < end) ||
            (after != intervals_.begin() && std::prev(after)->end > begin)) {
            return false;
        }
        const bool joins_after = after != intervals_.end() && after->begin == end;
        const bool joins_before = after != intervals_.begin() && std::prev(after)->end == begin;
        if (joins_after && joins_before) {
            std::prev(after)->end = after->end;
            intervals_.erase(after);
        } else if (joins_after) {
            after->begin = begin;
        } else if (joins_before) {
            std::prev(after)->end = end;
        } else {
            intervals_.insert(after, {begin, end});
        }
        total_ += end - begin;
        return true;
    }

    [[nodiscard]] bool contains(std::uint64_t number) const {
        const auto after = std::upper_bound(
            intervals_.begin(), intervals_.end(), number,
            [](std::uint64_t at, const Interval& interval) { return at < interval.begin; });
        return after != intervals_.begin() && std::prev(after)->end > number;
    }

    /// All numbers below `end`?
    [[nodiscard]] bool contains_all_before(std::uint64_t end) const {
        return end == 0 || (!intervals_.empty() && intervals_.front().begin == 0 &&
                            intervals_.front().end >= end);
    }

    /// How many numbers there are.
    [[nodiscard]] std::uint64_t total() const { return total_; }

    /// What of [begin, end) is missing, in ascending order.
    [[nodiscard]] std::vector<Interval> missing(std::uint64_t begin, std::uint64_t end) const {
        std::vector<Interval> gaps;
        for (const Interval& interval : intervals_) {
            if (interval.end <= begin) {
                continue;
            }
            if (interval.begin >= end) {
                break;
            }
            if (interval.begin > begin) {
                gaps.push_back({begin, interval.begin});
            }
            begin = std::max(begin, interval.end);
        }
        if (begin < end) {
            gaps.push_back({begin, end});
        }
        return gaps;
    }

private:
    std::vector<Interval> intervals_;
    std::uint64_t total_ = 0;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
