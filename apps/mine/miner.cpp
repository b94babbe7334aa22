#include "miner.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>
#include <utility>

#include "tool/stopwatch.hpp"

namespace mine {

namespace {

using namespace std::chrono_literals;

constexpr auto slice = 50ms;             // the longest time between two calls of go_on
constexpr double chunk_seconds = 0.005;  // short beside a search, long beside giving a chunk

Chunk rest_of(const Chunk& chunk, std::uint64_t done) {
    return {.first = chunk.first + done, .count = chunk.count - done, .length = chunk.length};
}

/// The spans of the plan, cut into chunks.
class Feed {
public:
    Feed(const std::vector<Span>& spans, std::uint64_t chunk_size)
        : spans_(spans), chunk_size_(chunk_size) {}

    [[nodiscard]] bool more() {
        while (span_ < spans_.size() && done_ == spans_[span_].count) {
            ++span_;
            done_ = 0;
        }
        return span_ < spans_.size();
    }
    Chunk next() {
        const Span& span = spans_[span_];
        const std::uint64_t count = std::min(chunk_size_, span.count - done_);
        const Chunk chunk{.first = span.first + done_, .count = count, .length = span.length};
        done_ += count;
        return chunk;
    }

private:
    const std::vector<Span>& spans_;
    std::uint64_t chunk_size_;
    std::size_t span_ = 0;
    std::uint64_t done_ = 0;
};

/// The work of a crew at a plan: what was given to it, and what it found.
class Shift {
public:
    Shift(const Plan& plan, Crew& crew, std::uint64_t chunk_size)
        : plan_(plan), crew_(crew), feed_(plan.spans, chunk_size) {
        outcome_.workers = crew.workers();
    }

    /// Gives at most one chunk, and takes a report if one comes soon. False when enough is found or
    /// nothing is left.
    bool go_on() {
        if (outcome_.found.size() >= plan_.wanted) {
            return false;
        }
        // One chunk at a time: giving chunks to a thousand workers takes longer than an answer to
        // Ctrl-C may take.
        if (given_.size() < crew_.depth() && feed_.more()) {
            given_.push_back(feed_.next());
            crew_.give(given_.back());
        }
        if (given_.empty()) {
            return false;
        }
        const bool more = given_.size() < crew_.depth() && feed_.more();
        if (const auto report = crew_.take(more ? 0ms : slice)) {
            const Chunk chunk = given_.front();
            given_.pop_front();
            book(chunk, *report);
        }
        return true;
    }
    [[nodiscard]] Outcome& outcome() { return outcome_; }

private:
    void book(const Chunk& chunk, const Report& report) {
        const auto& [hashes, hits] = report;
        for (const std::uint64_t number : hits) {
            std::string suffix = suffix_of(plan_.search, number, chunk.length);
            if (outcome_.found.size() == plan_.wanted || !known_.insert(suffix).second) {
                continue;
            }
            std::string digest = plan_.verify(suffix);
            outcome_.found.push_back({std::move(suffix), std::move(digest),
                                      before_ + static_cast<double>(number - chunk.first)});
        }
        outcome_.hashes += hashes;
        before_ += static_cast<double>(hashes);
        if (hashes < chunk.count && outcome_.found.size() < plan_.wanted) {
            // The search in this chunk ended early, but some of its hits were known already. So the
            // rest of the chunk comes next.
            given_.push_front(rest_of(chunk, hashes));
            crew_.give_first(given_.front());
        }
    }

    const Plan& plan_;
    Crew& crew_;
    Feed feed_;
    std::deque<Chunk> given_;
    std::set<std::string> known_;  // a random suffix may come twice
    double before_ = 0;            // candidates that were reported on
    Outcome outcome_{};
};

}  // namespace

Outcome mine(const Plan& plan, Crew& crew, std::uint64_t chunk_size,
             const std::function<bool(const Progress&)>& go_on) {
    const tool::Stopwatch watch;
    Shift shift(plan, crew, chunk_size);
    Outcome& outcome = shift.outcome();
    try {
        while (shift.go_on()) {
            if (!go_on({.hashes = outcome.hashes, .seconds = watch.seconds()})) {
                outcome.interrupted = outcome.found.size() < plan.wanted;
                break;
            }
        }
    } catch (const tool::Stopped& stopped) {
        outcome.stopped = stopped;
    }
    outcome.seconds = watch.seconds();
    outcome.deaths = crew.deaths();
    return std::move(outcome);
}

double measure_rate(const Plan& plan) {
    Search search = plan.search;  // with a goal that is hardly ever met: nothing ends the search
    search.range_count = 1;
    search.ranges[0] = {~std::uint64_t{0}, ~std::uint64_t{0}};
    search.target = {};
    Span span = plan.spans.back();
    double best = 0;
    std::uint64_t count = 1024;
    for (int runs = 0; runs < 5;) {
        span.count = std::min(plan.spans.back().count, count);
        const tool::Stopwatch watch;
        static_cast<void>(work_off(search, span, 1));
        const double seconds = watch.seconds();
        best = std::max(best, static_cast<double>(span.count) / std::max(seconds, 1e-9));
        if (seconds >= 0.005 || span.count < count) {
            ++runs;
        } else {
            count *= 2;
        }
    }
    return best;
}

std::uint64_t chunk_size_for(double rate) {
    const auto groups = static_cast<std::uint64_t>(rate * chunk_seconds / length_group);
    return std::max<std::uint64_t>(groups, 1) * length_group;
}

}  // namespace mine
