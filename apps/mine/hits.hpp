#pragma once

#include <cstdint>
#include <utility>

#include "search.hpp"

namespace mine {

/// Does a hash meet the goal, which is one range of its leading number?
class OneRange {
public:
    explicit OneRange(const Search& search)
        : first_(search.ranges[0].first), span_(search.ranges[0].last - search.ranges[0].first) {}
    bool operator()(std::uint64_t leading) const { return leading - first_ <= span_; }

private:
    std::uint64_t first_;
    std::uint64_t span_;
};

/// The same for a goal of several ranges.
class ManyRanges {
public:
    explicit ManyRanges(const Search& search) : search_(search) {}
    bool operator()(std::uint64_t leading) const {
        for (std::uint32_t i = 0; i < search_.range_count; ++i) {
            const Range& range = search_.ranges[i];
            if (leading - range.first <= range.last - range.first) {
                return true;
            }
        }
        return false;
    }

private:
    const Search& search_;
};

/// The hits of one chunk, until there are enough.
class HitList {
public:
    explicit HitList(std::uint64_t wanted) : wanted_(wanted) {}
    /// True if there are enough now.
    bool add(std::uint64_t number) {
        hits_.push_back(number);
        return hits_.size() >= wanted_;
    }
    /// The end: `hashes` were computed.
    Report report(std::uint64_t hashes) { return {hashes, std::move(hits_)}; }

private:
    std::uint64_t wanted_;
    Hits hits_;
};

}  // namespace mine
