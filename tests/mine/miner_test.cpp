// procpool_test: LINK mine_app TIMEOUT 120
// The whole miner, without the tool: the same answers from any crew, whatever befalls it.

#include "mine/miner.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "mine/crew.hpp"
#include "mine/genesis.hpp"
#include "mine/header.hpp"
#include "mine/request.hpp"
#include "support/eventually.hpp"

namespace {

using mine::Hash;
using mine::make_order;
using mine::Order;
using mine::Outcome;
using mine::Request;
using mine::Strategy;

constexpr auto go_on = [](const mine::Progress&) { return true; };

std::vector<std::string> suffixes(const Outcome& outcome) {
    std::vector<std::string> all;
    for (const auto& found : outcome.found) {
        all.push_back(found.suffix);
    }
    return all;
}

/// Every kind of crew, and processes in several numbers.
std::vector<std::unique_ptr<mine::Crew>> crews(const Order& order) {
    std::vector<std::unique_ptr<mine::Crew>> all;
    const auto& [search, wanted] = std::tie(order.plan.search, order.plan.wanted);
    all.push_back(mine::make_plain_crew(search, wanted));
    for (const int processes : {1, 2, 7}) {
        all.push_back(mine::make_process_crew(processes, search, wanted));
    }
    all.push_back(mine::make_thread_crew(3, search, wanted));
    return all;
}

/// The processes that a pool of this process has started: the children of its child.
std::vector<pid_t> workers_of_this_process() {
    const auto children = [](pid_t pid) {
        const std::string id = std::to_string(pid);
        std::ifstream file("/proc/" + id + "/task/" + id + "/children");
        std::vector<pid_t> pids;
        for (pid_t child = 0; file >> child;) {
            pids.push_back(child);
        }
        return pids;
    };
    std::vector<pid_t> workers;
    for (const pid_t server : children(::getpid())) {
        for (const pid_t worker : children(server)) {
            workers.push_back(worker);
        }
    }
    return workers;
}

TEST(Miner, FindsTheSameFromAnyCrewByChance) {
    const Order order = make_order({.hash = Hash::sha256, .prefix = "000", .count = 5, .seed = 4});
    std::vector<std::string> first;
    for (const auto& crew : crews(order)) {
        const Outcome outcome = mine::mine(order.plan, *crew, 1 << 12, go_on);
        ASSERT_EQ(outcome.found.size(), 5U);
        if (first.empty()) {
            first = suffixes(outcome);
        }
        EXPECT_EQ(suffixes(outcome), first);
    }
}

TEST(Miner, FindsTheSameWhateverTheSizeOfTheChunks) {
    const Order order = make_order({.hash = Hash::crc32, .prefix = "0000", .count = 3});
    std::vector<std::string> first;
    for (const std::uint64_t chunk : {1U << 10, 1U << 14, 1U << 20, 12345U}) {
        const auto crew = mine::make_process_crew(2, order.plan.search, order.plan.wanted);
        const Outcome outcome = mine::mine(order.plan, *crew, chunk, go_on);
        if (first.empty()) {
            first = suffixes(outcome);
        }
        EXPECT_EQ(suffixes(outcome), first);
    }
    EXPECT_EQ(first.size(), 3U);
}

TEST(Miner, EnumeratingFindsTheShortestSuffixesAndOfThoseTheFirst) {
    const Order order = make_order({.hash = Hash::sha256,
                                    .prefix = "00",
                                    .strategy = Strategy::enumerate,
                                    .alphabet = "abcd",
                                    .count = 8});
    std::vector<std::string> expected;
    for (std::uint32_t length = 1; expected.size() < 8; ++length) {
        for (std::uint64_t n = 0; n < mine::count_suffixes(4, length) && expected.size() < 8; ++n) {
            const std::string suffix = suffix_of(order.plan.search, n, length);
            if (digest(Hash::sha256, "I miss DSR already" + suffix)[0] == '\0') {
                expected.push_back(suffix);
            }
        }
    }
    for (const auto& crew : crews(order)) {
        EXPECT_EQ(suffixes(mine::mine(order.plan, *crew, 100, go_on)), expected);
    }
}

TEST(Miner, FindsTheNonceOfTheGenesisBlockWithEveryNumberOfProcesses) {
    const Order order = make_order({.header = genesis::header,
                                    .nonce_from = genesis::nonce - 40'000,
                                    .nonce_to = genesis::nonce + 40'000});
    for (const auto& crew : crews(order)) {
        const Outcome outcome = mine::mine(order.plan, *crew, 1 << 12, go_on);
        ASSERT_EQ(outcome.found.size(), 1U);
        EXPECT_EQ(mine::to_hex(outcome.found[0].digest), genesis::hash);
        EXPECT_EQ(outcome.found[0].before, 40'000);
    }
}

/// The answers in the order of the stream, each once, as the library's plain hash has it.
std::vector<std::string> expected_by_chance(const Order& order, const Request& request) {
    std::vector<std::string> expected;
    std::set<std::string> known;
    const auto candidates = static_cast<std::uint64_t>(order.candidates);
    for (std::uint64_t n = 0; n < candidates && expected.size() < request.count; ++n) {
        const std::string suffix = suffix_of(order.plan.search, n, 0);
        const bool met =
            mine::to_hex(digest(request.hash, request.base + suffix)).starts_with(request.prefix);
        if (met && known.insert(suffix).second) {
            expected.push_back(suffix);
        }
    }
    return expected;
}

/// Of 17,576 suffixes so many answers are wanted that chance hits most of them again and again.
const Request with_many_repeats{
    .hash = Hash::crc32, .prefix = "0", .min_length = 3, .max_length = 3, .count = 800};

TEST(Miner, ASuffixThatChanceHitsAgainIsFoundOnceAndHidesNoOther) {
    const Order order = make_order(with_many_repeats);
    const auto expected = expected_by_chance(order, with_many_repeats);
    ASSERT_EQ(expected.size(), 800U);
    for (const std::uint64_t chunk : {1U, 100U, 4096U, 20'000U, 1U << 20}) {
        const auto crew = mine::make_plain_crew(order.plan.search, order.plan.wanted);
        EXPECT_EQ(suffixes(mine::mine(order.plan, *crew, chunk, go_on)), expected) << chunk;
    }
}

TEST(Miner, RepeatsChangeNothingForAnyCrew) {
    const Order order = make_order(with_many_repeats);
    const auto expected = expected_by_chance(order, with_many_repeats);
    for (const auto& crew : crews(order)) {
        EXPECT_EQ(suffixes(mine::mine(order.plan, *crew, 1 << 16, go_on)), expected);
    }
}

TEST(Miner, FindsEverySuffixThatMeetsTheGoalByChance) {
    const Request request{.hash = Hash::sha256,
                          .prefix = "0",
                          .alphabet = "ab",
                          .min_length = 6,
                          .max_length = 6,
                          .count = 64};
    const Order order = make_order(request);
    const auto expected = expected_by_chance(order, request);
    ASSERT_GT(expected.size(), 1U);
    const auto crew = mine::make_process_crew(2, order.plan.search, order.plan.wanted);
    const Outcome outcome = mine::mine(order.plan, *crew, 1 << 12, go_on);
    EXPECT_EQ(suffixes(outcome), expected);
    EXPECT_EQ(outcome.hashes, static_cast<std::uint64_t>(order.candidates)) << "none is left out";
}

TEST(Miner, CountsTheCandidatesBeforeAnAnswerWhateverIsRepeated) {
    const Order order = make_order(with_many_repeats);
    const auto crew = mine::make_plain_crew(order.plan.search, order.plan.wanted);
    for (const auto& found : mine::mine(order.plan, *crew, 5000, go_on).found) {
        const auto number = static_cast<std::uint64_t>(found.before);
        EXPECT_EQ(suffix_of(order.plan.search, number, 0), found.suffix);
    }
}

TEST(Miner, WorkersThatDieChangeNothingButTheCountOfDeaths) {
    const Order order =
        make_order({.hash = Hash::sha256d, .prefix = "00000", .count = 2, .seed = 1});
    auto crew = mine::make_process_crew(2, order.plan.search, order.plan.wanted);
    const Outcome expected = mine::mine(order.plan, *crew, 1 << 14, go_on);
    EXPECT_EQ(expected.deaths, 0U);
    crew.reset();  // or its workers would be killed as well

    crew = mine::make_process_crew(2, order.plan.search, order.plan.wanted);
    std::map<pid_t, int> seen;  // how often: one that was only just forked is not known yet
    std::set<pid_t> killed;
    const auto kill_some = [&](const mine::Progress&) {
        EXPECT_EQ(crew->deaths(), killed.size());  // looks which workers there are
        for (const pid_t worker : workers_of_this_process()) {
            if (++seen[worker] > 3 && killed.size() < 6 && killed.insert(worker).second) {
                EXPECT_EQ(::kill(worker, SIGKILL), 0);
                // Or the work could be done before the last death is counted.
                EXPECT_TRUE(support::eventually([&] { return crew->deaths() == killed.size(); }));
                break;
            }
        }
        return true;
    };
    const Outcome outcome = mine::mine(order.plan, *crew, 1 << 14, kill_some);
    EXPECT_EQ(suffixes(outcome), suffixes(expected));
    EXPECT_EQ(killed.size(), 6U);
    EXPECT_EQ(outcome.deaths, killed.size());
}

TEST(Miner, EndsWhenItIsToldToAndKeepsWhatItFound) {
    const Order order = make_order({.hash = Hash::sha256, .prefix = "0", .count = 1'000'000'000});
    for (const auto& crew : crews(order)) {
        const auto briefly = [](const mine::Progress& p) { return p.hashes < 50'000; };
        const Outcome outcome = mine::mine(order.plan, *crew, 1 << 12, briefly);
        EXPECT_TRUE(outcome.interrupted);
        EXPECT_GT(outcome.found.size(), 1000U);
    }
}

TEST(Miner, EndsWhenThereIsNothingMoreToLookAt) {
    const Order order = make_order(
        {.hash = Hash::sha256, .zero_bits = 60, .strategy = Strategy::enumerate, .limit = 100'000});
    for (const auto& crew : crews(order)) {
        const Outcome outcome = mine::mine(order.plan, *crew, 1 << 12, go_on);
        EXPECT_TRUE(outcome.found.empty());
        EXPECT_FALSE(outcome.interrupted);
        EXPECT_EQ(outcome.hashes, 100'000U);
    }
}

/// Its third report never comes.
class LostCrew final : public mine::Crew {
public:
    explicit LostCrew(std::unique_ptr<mine::Crew> crew) : crew_(std::move(crew)) {}

    void give(const mine::Chunk& chunk) override { crew_->give(chunk); }
    void give_first(const mine::Chunk& chunk) override { crew_->give_first(chunk); }
    std::optional<mine::Report> take(std::chrono::nanoseconds patience) override {
        if (++taken_ == 3) {
            throw tool::Stopped(tool::system_limit, "the pool is gone");
        }
        return crew_->take(patience);
    }
    [[nodiscard]] int workers() const override { return crew_->workers(); }
    [[nodiscard]] std::size_t depth() const override { return crew_->depth(); }
    [[nodiscard]] std::size_t deaths() override { return crew_->deaths(); }

private:
    std::unique_ptr<mine::Crew> crew_;
    int taken_ = 0;
};

TEST(Miner, KeepsWhatItFoundWhenTheWorkCannotGoOn) {
    const Order order = make_order({.hash = Hash::sha256, .prefix = "0", .count = 1'000'000'000});
    LostCrew crew(mine::make_plain_crew(order.plan.search, order.plan.wanted));
    const Outcome outcome = mine::mine(order.plan, crew, 1 << 12, go_on);
    EXPECT_EQ(outcome.hashes, 2U << 12);
    EXPECT_GT(outcome.found.size(), 100U);
    ASSERT_TRUE(outcome.stopped.has_value());
    EXPECT_STREQ(outcome.stopped->what(), "the pool is gone");
    EXPECT_FALSE(outcome.interrupted);
}

TEST(Miner, PrintsNothingThatThePlainHashDoesNotConfirm) {
    Order order = make_order({.hash = Hash::sha256, .prefix = "0"});
    order.plan.search.midstate[0] ^= 1;  // a kernel that is wrong
    order.plan.search.tail[0] ^= 1;
    const auto crew = mine::make_plain_crew(order.plan.search, 1000);
    order.plan.wanted = 1000;
    EXPECT_THROW(static_cast<void>(mine::mine(order.plan, *crew, 1 << 12, go_on)),
                 std::logic_error);
}

TEST(Miner, MeasuresARateAndMakesChunksOfMilliseconds) {
    const Order order = make_order({.hash = Hash::sha256});
    EXPECT_GT(mine::measure_rate(order.plan), 1000);
    EXPECT_EQ(mine::chunk_size_for(0), mine::length_group);
    EXPECT_EQ(mine::chunk_size_for(100e6) % mine::length_group, 0U);
    EXPECT_NEAR(static_cast<double>(mine::chunk_size_for(100e6)), 500e3, 1e4);
}

}  // namespace
