#include "miner.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>
#include <utility>

namespace mine {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto slice = 50ms;             // the longest that nobody asks whether to go on
constexpr double chunk_seconds = 0.005;  // short beside a search, long beside a dispatch

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Chunk rest_of(const Chunk& chunk, std::uint64_t done) {
    return {.first = chunk.first + done, .count = chunk.count - done, .length = chunk.length};
}

/// The plan's spans, a chunk at a time.
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

}  // namespace

Outcome mine(const Plan& plan, Crew& crew, std::uint64_t chunk_size,
             const std::function<bool(const Progress&)>& go_on) {
    Outcome outcome{.workers = crew.workers()};
    std::set<std::string> known;  // chance may hit twice
    Feed feed(plan.spans, chunk_size);
    std::deque<Chunk> given;
    double before = 0;
    const auto start = Clock::now();
    while (outcome.found.size() < plan.wanted) {
        while (given.size() < crew.depth() && feed.more()) {
            given.push_back(feed.next());
            crew.give(given.back());
        }
        if (given.empty()) break;
        const auto report = crew.take(slice);
        if (report) {
            const Chunk chunk = given.front();
            given.pop_front();
            outcome.hashes += report->first;
            for (const std::uint64_t number : report->second) {
                std::string suffix = suffix_of(plan.search, number, chunk.length);
                if (outcome.found.size() == plan.wanted || !known.insert(suffix).second) continue;
                std::string digest = plan.verify(suffix);
                outcome.found.push_back({std::move(suffix), std::move(digest),
                                         before + static_cast<double>(number - chunk.first)});
            }
            before += static_cast<double>(report->first);
            if (report->first < chunk.count && outcome.found.size() < plan.wanted) {
                // Some of the hits were known already. The rest of the chunk is next in order.
                given.push_front(rest_of(chunk, report->first));
                crew.give_first(given.front());
            }
        }
        if (!go_on({.hashes = outcome.hashes, .seconds = seconds_since(start)})) {
            outcome.interrupted = outcome.found.size() < plan.wanted;
            break;
        }
    }
    outcome.seconds = seconds_since(start);
    outcome.deaths = crew.deaths();
    return outcome;
}

double measure_rate(const Plan& plan) {
    Search search = plan.search;  // for what is never found, so that nothing stops it
    search.range_count = 1;
    search.ranges[0] = {~std::uint64_t{0}, ~std::uint64_t{0}};
    search.target = {};
    Span span = plan.spans.back();
    double best = 0;
    std::uint64_t count = 1024;
    for (int runs = 0; runs < 5;) {
        span.count = std::min(plan.spans.back().count, count);
        const auto start = Clock::now();
        static_cast<void>(work_off(search, span, 1));
        const double seconds = seconds_since(start);
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
