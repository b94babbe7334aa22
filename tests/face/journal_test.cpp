// procpool_test: LABELS tsan
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/fork_map.hpp>
#include <procpool/journal.hpp>
#include <procpool/pool.hpp>
#include <procpool/shared.hpp>
#include <procpool/this_task.hpp>

#include "face/journal_format.hpp"
#include "support/child.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/lists.hpp"
#include "support/numbers.hpp"
#include "support/sanitized.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using namespace std::chrono_literals;
using mp::JournalItem;
using mp::Pool;
using support::contains;
using support::numbers;

namespace {

constexpr std::size_t most_items = 4096;

/// How often each item ran, in any process.
struct Runs {
    std::atomic<int> of[most_items];
    std::atomic<bool> mended;  // what fails does not any more

    [[nodiscard]] std::vector<int> first(std::size_t count) const {
        std::vector<int> runs;
        for (std::size_t i = 0; i < count; ++i) {
            runs.push_back(of[i]);
        }
        return runs;
    }
};
Runs* runs = nullptr;

void note_run() { ++runs->of[mp::this_task::index()]; }

int tripled(int x) {
    note_run();
    return 3 * x;
}
std::string named(int x) {
    note_run();
    return x % 3 == 0 ? "" : "item " + std::to_string(x);
}
int odd_ones_throw(int x) {
    note_run();
    if (x % 2 == 1 && !runs->mended) {
        throw std::out_of_range("odd: " + std::to_string(x));
    }
    return x;
}
int fourth_dies(int x) {
    note_run();
    if (x == 4 && !runs->mended) {
        std::raise(SIGKILL);
    }
    return x;
}
std::optional<std::string> word_at_six(int x) {
    note_run();
    return x == 6 ? std::optional<std::string>("six") : std::nullopt;
}
std::optional<int> number_at_six(int x) {
    note_run();
    return x == 6 ? std::optional<int>(66) : std::nullopt;
}

struct Padded {
    char kind = 0;
    double value = 0;
};

class Journal : public testing::Test {
protected:
    mp::MapOptions options() const { return {.journal = {file()}}; }
    [[nodiscard]] std::string file() const { return directory_.path() + "/run.journal"; }
    [[nodiscard]] mp::JournalContents contents() const { return mp::read_journal(file()); }
    [[nodiscard]] std::size_t count(JournalItem::State state) const {
        const auto items = contents().items;
        return static_cast<std::size_t>(
            std::ranges::count(items, state, [](const auto& item) { return item.state; }));
    }

    support::Directory directory_;
    support::Shared<Runs> shared_;
    const bool is_known_to_workers_ = (runs = shared_.get()) != nullptr;
    Pool pool_{2};
};

template <class Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no error";
}

TEST_F(Journal, AFinishedCallIsNotRunAgain) {
    const auto items = numbers(100);
    const auto first = pool_.map(tripled, items, options());
    EXPECT_EQ(pool_.map(tripled, items, options()), first);
    EXPECT_EQ(first[99], 297);
    EXPECT_EQ(runs->first(100), std::vector(100, 1));
}

TEST_F(Journal, OnlyWhatIsMissingIsRun) {
    pool_.map(tripled, numbers(10), options());
    EXPECT_EQ(pool_.map(tripled, numbers(20), options()).back(), 57);
    EXPECT_EQ(runs->first(20), std::vector(20, 1));
}

TEST_F(Journal, AnItemThatChangedIsRunAgainAndTheFormerIsKept) {
    auto items = numbers(10);
    pool_.map(tripled, items, options());
    items[4] = 1000;
    EXPECT_EQ(pool_.map(tripled, items, options())[4], 3000);
    EXPECT_EQ(pool_.map(tripled, numbers(10), options())[4], 12);
    EXPECT_EQ(runs->first(6), support::listed(1, 1, 1, 1, 2, 1));
}

TEST_F(Journal, ResultsOfAnySizeComeBack) {
    const auto items = numbers(50);
    const auto first = pool_.map(named, items, options());
    EXPECT_EQ(pool_.map(named, items, options()), first);
    EXPECT_EQ(first[1], "item 1");
    EXPECT_EQ(first[3], "");
    EXPECT_EQ(runs->first(50), std::vector(50, 1));
}

TEST_F(Journal, ItemsOfAnyKindAreKnownByTheirBytes) {
    const auto size = [](const std::string& text) {
        note_run();
        return text.size();
    };
    std::vector<std::string> words{"we", "map", "functions"};
    pool_.map(size, words, options());
    words[1] = "MAP";
    pool_.map(size, words, options());
    EXPECT_EQ(runs->first(3), support::listed(1, 2, 1));
}

TEST_F(Journal, PaddingIsNoPartOfAnItem) {
#if !defined(PROCPOOL_CLEARS_PADDING)
    GTEST_SKIP() << "this compiler does not tell what is padding";
#endif
    const auto value = [](const Padded& item) {
        note_run();
        return item.value;
    };
    std::vector<Padded> items(2);
    std::memset(static_cast<void*>(items.data()), 0x5a, sizeof(Padded) * items.size());
    items[0].kind = items[1].kind = 'a';
    items[0].value = items[1].value = 1;
    pool_.map(value, items, options());
    std::memset(static_cast<void*>(items.data()), 0x17, sizeof(Padded) * items.size());
    items[0].kind = items[1].kind = 'a';
    items[0].value = items[1].value = 1;
    pool_.map(value, items, options());
    EXPECT_EQ(runs->first(2), support::listed(1, 1));
}

TEST_F(Journal, ASharedVectorIsKnownByTheBytesOfItsElements) {
    mp::shared_vector<int> items(100);
    std::iota(items.begin(), items.end(), 0);
    pool_.map(tripled, items, options());
    mp::shared_vector<int> again(100);
    std::iota(again.begin(), again.end(), 0);
    EXPECT_EQ(pool_.map(tripled, again, options())[99], 297);
    EXPECT_EQ(runs->first(100), std::vector(100, 1));
}

TEST_F(Journal, IndicesAndSeedsAreThoseOfTheWholeRange) {
    const auto where = [](int x) {
        if (x % 2 == 1 && !runs->mended) {
            throw std::runtime_error("later");
        }
        return std::pair(mp::this_task::index(), mp::this_task::seed());
    };
    const auto items = numbers(40);
    const auto plain = pool_.map(
        [](int) { return std::pair(mp::this_task::index(), mp::this_task::seed()); }, items);
    EXPECT_THROW(pool_.map(where, items, options()), std::runtime_error);
    runs->mended = true;
    EXPECT_EQ(pool_.map(where, items, options()), plain);
}

TEST_F(Journal, FailedItemsAreRunAgain) {
    const auto items = numbers(10);
    EXPECT_THROW(pool_.map(odd_ones_throw, items, options()), std::out_of_range);
    EXPECT_EQ(count(JournalItem::State::failed), 5U);
    EXPECT_TRUE(contains(contents().items[1].message, "item 1: worker"));
    EXPECT_TRUE(contains(contents().items[1].message, "odd: 1"));
    runs->mended = true;
    EXPECT_EQ(pool_.map(odd_ones_throw, items, options()), items);
    EXPECT_EQ(runs->first(4), support::listed(1, 2, 1, 2));
    EXPECT_EQ(count(JournalItem::State::done), 10U);
}

TEST_F(Journal, AnItemThatKilledItsWorkerWaitsInQuarantine) {
    const auto items = numbers(10);
    EXPECT_THROW(pool_.map(fourth_dies, items, options()), mp::WorkerDied);
    runs->mended = true;
    const auto outcomes = pool_.try_map(fourth_dies, items, options());
    ASSERT_FALSE(outcomes[4]);
    EXPECT_TRUE(outcomes[5]);
    EXPECT_THROW(outcomes[4].rethrow(), mp::WorkerDied);
    EXPECT_EQ(outcomes[4].index(), 4U);
    EXPECT_TRUE(contains(outcomes[4].error().message(), "SIGKILL"));
    EXPECT_TRUE(contains(outcomes[4].error().message(), "in quarantine"));
    EXPECT_TRUE(contains(outcomes[4].error().message(), "Journal::retry_failed"));
    EXPECT_EQ(count(JournalItem::State::quarantined), 1U);
    EXPECT_EQ(runs->first(6), std::vector(6, 1));

    auto retry = options();
    retry.journal.retry_failed = true;
    EXPECT_EQ(pool_.map(fourth_dies, items, retry), items);
    EXPECT_EQ(runs->first(6), support::listed(1, 1, 1, 1, 2, 1));
}

TEST_F(Journal, AnItemThatTimedOutWaitsInQuarantine) {
    const auto slow = [](int x) {
        note_run();
        if (x == 1 && !runs->mended) {
            support::wait_for_ever();
        }
        return x;
    };
    auto timed = options();
    timed.timeout = 50ms;
    EXPECT_THROW(pool_.map(slow, numbers(3), timed), mp::TaskTimeout);
    runs->mended = true;
    EXPECT_THROW(pool_.map(slow, numbers(3), options()), mp::TaskTimeout);
    EXPECT_EQ(runs->of[1], 1);
}

TEST_F(Journal, WithFailFastAQuarantinedItemCancelsTheRest) {
    const auto items = numbers(10);
    EXPECT_THROW(pool_.map(fourth_dies, items, options()), mp::WorkerDied);
    auto fast = options();
    fast.fail_fast = true;
    EXPECT_THROW(pool_.map(fourth_dies, numbers(1000), fast), mp::WorkerDied);
    EXPECT_EQ(runs->first(1000), [] {
        std::vector<int> expected(1000, 0);
        std::fill_n(expected.begin(), 10, 1);
        return expected;
    }());
}

TEST_F(Journal, CancelledItemsAreMissing) {
    std::stop_source stop;
    stop.request_stop();
    auto stopped = options();
    stopped.stop = stop.get_token();
    Pool here({.start = mp::Start::in_caller});
    EXPECT_THROW(here.map(tripled, numbers(1000), stopped), mp::TaskCancelled);
    EXPECT_EQ(contents().items.size(), 0U);
    EXPECT_EQ(contents().missing(), 1000U);
    EXPECT_EQ(here.map(tripled, numbers(1000), options()).back(), 2997);
    EXPECT_EQ(contents().missing(), 0U);
}

TEST_F(Journal, VerbsContinueEachOthersJournals) {
    const auto items = numbers(12);
    const auto names = pool_.map(named, items, options());
    const auto outcomes = pool_.try_map(named, items, options());
    EXPECT_EQ(*outcomes[4], "item 4");
    std::vector<std::string> streamed;
    for (auto&& name : pool_.imap(named, items, options())) {
        streamed.push_back(name);
    }
    EXPECT_EQ(streamed, names);
    for (auto&& outcome : pool_.try_imap_unordered(named, items, options())) {
        EXPECT_EQ(*outcome, names[outcome.index()]);
    }
    EXPECT_EQ(pool_.map_async(named, items, options()).get(), names);
    EXPECT_EQ(pool_.try_map_async(named, items, options()).get()[5].value(), "item 5");
    EXPECT_EQ(runs->first(12), std::vector(12, 1));
}

TEST_F(Journal, OutcomesComeBackWithTheirAccount) {
    const auto slow = [](int x) {
        std::this_thread::sleep_for(1ms);
        return std::to_string(x);
    };
    const auto first = pool_.try_map(slow, numbers(3), options());
    const auto again = pool_.try_map(slow, numbers(3), options());
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(*again[i], *first[i]);
        EXPECT_EQ(again[i].attempts(), 1);
        EXPECT_EQ(again[i].duration(), first[i].duration());
    }
}

TEST_F(Journal, CallsWithoutAValueAreDoneOnce) {
    const auto nothing = [](int) { note_run(); };
    pool_.for_each(nothing, numbers(10), options());
    pool_.map(nothing, numbers(10), options());
    for (const auto& outcome : pool_.try_map(nothing, numbers(10), options())) {
        EXPECT_TRUE(outcome);
    }
    EXPECT_EQ(runs->first(10), std::vector(10, 1));
}

TEST_F(Journal, StarmapTakesOne) {
    const std::vector<std::pair<int, int>> pairs{{1, 2}, {3, 4}};
    const auto sum = [](int a, int b) {
        note_run();
        return a + b;
    };
    EXPECT_EQ(pool_.starmap(sum, pairs, options()), support::listed(3, 7));
    EXPECT_EQ(pool_.starmap_async(sum, pairs, options()).get(), support::listed(3, 7));
    EXPECT_EQ(runs->first(2), support::listed(1, 1));
}

TEST_F(Journal, AStreamThatWasLeftGoesOnWhereItWas) {
    auto all = std::views::iota(0, 1000);
    auto ahead = options();
    ahead.buffer = 8;
    {
        auto stream = pool_.imap(tripled, all, ahead);
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(stream.next(), 3 * i);
        }
    }
    const std::size_t done = count(JournalItem::State::done);
    EXPECT_GE(done, 100U);
    EXPECT_FALSE(contents().count);
    int expected = 0;
    for (const int x : pool_.imap(tripled, all, ahead)) {
        EXPECT_EQ(x, expected);
        expected += 3;
    }
    EXPECT_EQ(expected, 3000);
    EXPECT_EQ(contents().count, 1000U);
    EXPECT_EQ(contents().missing(), 0U);
    EXPECT_EQ(runs->first(100), std::vector(100, 1));
}

TEST_F(Journal, AStreamReportsQuarantineInItsPlace) {
    const auto all = std::views::iota(0, 10);
    for (auto&& outcome : pool_.try_imap(fourth_dies, all, options())) {
        EXPECT_EQ(outcome.has_value(), outcome.index() != 4);
    }
    auto fast = options();
    fast.fail_fast = true;
    std::vector<int> values;
    auto stream = pool_.imap(fourth_dies, std::views::iota(0, 1000), fast);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(stream.next(), i);
    }
    EXPECT_THROW(stream.next(), mp::WorkerDied);
    EXPECT_EQ(stream.next(), std::nullopt);
    EXPECT_EQ(runs->of[4], 1);
}

TEST_F(Journal, ASearchIsNotDoneTwice) {
    EXPECT_EQ(pool_.find_first(word_at_six, numbers(7), options()), "six");
    EXPECT_EQ(pool_.find_first(word_at_six, numbers(7), options()), "six");
    EXPECT_EQ(pool_.find_first(word_at_six, numbers(6), options()), std::nullopt);
    EXPECT_EQ(pool_.map(word_at_six, numbers(7), options())[6], "six");
    EXPECT_EQ(runs->first(7), std::vector(7, 1));
}

TEST_F(Journal, ASearchOfNumbersOnAnyRangeIsNotDoneTwice) {
    EXPECT_EQ(pool_.find_first(number_at_six, numbers(7), options()), 66);
    const auto kept = runs->first(7);
    const auto generated = std::views::iota(0) | std::views::take_while([](int) { return true; });
    EXPECT_EQ(pool_.find_first(number_at_six, generated, options()), 66);
    EXPECT_EQ(pool_.find_any(number_at_six, numbers(7), options()), 66);
    EXPECT_EQ(runs->first(7), kept);
}

TEST_F(Journal, ForkMapKnowsItemsThatCouldTravelByTheirBytes) {
    auto items = numbers(10);
    const std::vector<int> table{1, 2, 3};
    const auto f = [&](int x) {
        note_run();
        return x + table[0];
    };
    EXPECT_EQ(mp::fork_map(f, items, {.processes = 2, .journal = {file()}})[9], 10);
    items[3] = 100;
    EXPECT_EQ(mp::fork_map(f, items, {.processes = 2, .journal = {file()}})[3], 101);
    EXPECT_EQ(runs->first(5), support::listed(1, 1, 1, 2, 1));
}

TEST_F(Journal, APoolInTheCallerWritesItems) {
    Pool here({.start = mp::Start::in_caller});
    EXPECT_THROW(here.map(odd_ones_throw, numbers(10), options()), std::out_of_range);
    runs->mended = true;
    EXPECT_EQ(here.map(odd_ones_throw, numbers(10), options()), numbers(10));
    EXPECT_EQ(runs->first(4), support::listed(1, 2, 1, 2));
}

TEST_F(Journal, EachItemOfAPoolInTheCallerIsThereWhenTheNextBegins) {
    Pool here({.start = mp::Start::in_caller});
    const auto looks = [](int, const std::string& path) {
        return support::content_of(path).size();
    };
    const auto sizes = here.map(mp::bind_back(looks, file()), numbers(3),
                                {.chunksize = 1, .journal = {file(), false, true}});
    EXPECT_LT(sizes[0], sizes[1]);
    EXPECT_LT(sizes[1], sizes[2]);
}

/// The number under which this process has the file open; -1 if it has not.
int descriptor_of(const std::string& path) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path(), gone) == path) {
            return std::stoi(entry.path().filename());
        }
    }
    return -1;
}

TEST_F(Journal, NothingIsWrittenToAFileThatTheProgramOpenedUnderItsNumber) {
    const std::string other = file() + ".other";
    std::ofstream(other) << "of the program";
    Pool here({.start = mp::Start::in_caller});
    const auto takes_the_number = [](int x, const std::string& journal, const std::string& own) {
        if (x == 3) {
            const int opened = ::open(own.c_str(), O_RDWR | O_CLOEXEC);
            EXPECT_GE(::dup2(opened, descriptor_of(journal)), 0);  // closes the journal's
            ::close(opened);
        }
        return x;
    };
    EXPECT_THROW(here.map(mp::bind_back(takes_the_number, file(), other), numbers(6),
                          {.chunksize = 1, .journal = {file(), false, true}}),
                 std::system_error);
    const int number = descriptor_of(other);
    EXPECT_GE(number, 0) << "the program's descriptor was closed";
    ::close(number);
    EXPECT_EQ(support::content_of(other), "of the program");
    EXPECT_EQ(contents().items.size(), 3U);
}

TEST_F(Journal, PristineItemsAreDoneOnceToo) {
    auto pristine = options();
    pristine.pristine = true;
    EXPECT_THROW(pool_.map(odd_ones_throw, numbers(6), pristine), std::out_of_range);
    runs->mended = true;
    EXPECT_EQ(pool_.map(odd_ones_throw, numbers(6), pristine), numbers(6));
    EXPECT_EQ(runs->first(6), support::listed(1, 2, 1, 2, 1, 2));
}

TEST_F(Journal, ACallbackHasOneToo) {
    std::atomic<int> sum{0};
    pool_.map_async(tripled, numbers(10), options()).then([&](const auto& outcome) {
        sum = std::accumulate(outcome.value().begin(), outcome.value().end(), 0);
    });
    EXPECT_TRUE(support::eventually([&] { return sum == 135; }));
    EXPECT_EQ(pool_.map(tripled, numbers(10), options()).back(), 27);
    EXPECT_EQ(runs->first(10), std::vector(10, 1));
}

TEST_F(Journal, WhatComesIsWrittenWhileTheCallStillRuns) {
    const auto f = [](int x) {
        if (x == 3) {
            while (!runs->mended) {
                std::this_thread::sleep_for(1ms);
            }
        }
        return x;
    };
    auto result = pool_.map_async(f, numbers(4), options());
    EXPECT_TRUE(support::eventually([&] {
        EXPECT_FALSE(result.wait(15ms));
        return std::filesystem::file_size(file()) > 3 * 64U + 100;
    }));
    runs->mended = true;
    EXPECT_EQ(result.get(), numbers(4));
}

TEST_F(Journal, OtherResultsAreRefused) {
    pool_.map(tripled, numbers(10), options());
    EXPECT_THROW(pool_.map(named, numbers(10), options()), std::invalid_argument);
    const auto why = refusal([&] { pool_.map(named, numbers(10), options()); });
    EXPECT_TRUE(contains(why, "holds results of type int"));
    EXPECT_TRUE(contains(why, "std::string"));
    EXPECT_TRUE(contains(why, "name another file"));
    EXPECT_EQ(pool_.map(tripled, numbers(10), options()).back(), 27);
}

TEST_F(Journal, AFileThatIsNoJournalIsRefusedAndLeftAlone) {
    directory_.write("run.journal", "precious");
    EXPECT_THROW(pool_.map(tripled, numbers(10), options()), std::invalid_argument);
    EXPECT_TRUE(
        contains(refusal([&] { pool_.map(tripled, numbers(3), options()); }), "is no journal"));
    EXPECT_EQ(support::content_of(file()), "precious");
    EXPECT_EQ(runs->of[0], 0);
}

TEST_F(Journal, AFileThatCannotBeOpenedIsRefusedBeforeAnythingRuns) {
    for (const std::string path : {"/nowhere/run.journal", "/dev/null"}) {
        EXPECT_THROW(pool_.map(tripled, numbers(3), {.journal = {path}}), std::system_error);
        const auto why = refusal([&] { pool_.map(tripled, numbers(3), {.journal = {path}}); });
        EXPECT_TRUE(contains(why, path));
        EXPECT_TRUE(contains(why, "name a regular file"));
    }
    EXPECT_EQ(runs->of[0], 0);
}

TEST_F(Journal, TwoCallsOfOneProgramDoNotWriteOne) {
    auto running = pool_.map_async(
        [](int x) {
            while (!runs->mended) {
                std::this_thread::sleep_for(1ms);
            }
            return x;
        },
        numbers(2), options());
    const auto why = refusal([&] { pool_.map(tripled, numbers(2), options()); });
    EXPECT_TRUE(contains(why, "is being written by another call of this program"));
    EXPECT_TRUE(contains(refusal([&] { std::ignore = contents(); }), "is being written"));
    // Another program is refused as well, also after that.
    EXPECT_EQ(support::status_of_child([&] {
                  Pool own{1};
                  const auto refused = refusal([&] { own.map(tripled, numbers(2), options()); });
                  return contains(refused, "process " + std::to_string(::getppid()));
              }),
              0);
    runs->mended = true;
    EXPECT_EQ(running.get(), numbers(2));
    // It is free again when the results are there.
    EXPECT_EQ(pool_.map(tripled, numbers(2), options()).size(), 2U);
}

TEST_F(Journal, ATornTailIsCutOff) {
    pool_.map(named, numbers(20), options());
    const auto whole = std::filesystem::file_size(file());
    for (std::uintmax_t cut = 1; cut < 200; cut += 7) {
        std::filesystem::resize_file(file(), whole - cut);
        EXPECT_GT(contents().torn + (20 - count(JournalItem::State::done)), 0U);
        pool_.map(named, numbers(20), options());
        EXPECT_EQ(contents().torn, 0U);
        EXPECT_EQ(count(JournalItem::State::done), 20U);
    }
}

TEST_F(Journal, DamageCostsTheItemsItHit) {
    pool_.map(named, numbers(20), options());
    auto bytes = support::content_of(file());
    bytes[bytes.size() / 2] ^= 1;
    directory_.write("run.journal", bytes);
    EXPECT_GT(contents().damaged, 0U);
    EXPECT_EQ(count(JournalItem::State::done), 19U);
    EXPECT_EQ(contents().torn, 0U);
    pool_.map(named, numbers(20), options());
    EXPECT_EQ(count(JournalItem::State::done), 20U);
    const auto twice = runs->first(20);
    EXPECT_EQ(std::accumulate(twice.begin(), twice.end(), 0), 21);
}

TEST_F(Journal, ADamagedHeaderIsRefused) {
    pool_.map(tripled, numbers(5), options());
    auto bytes = support::content_of(file());
    bytes[20] ^= 1;
    directory_.write("run.journal", bytes);
    EXPECT_TRUE(contains(refusal([&] { pool_.map(tripled, numbers(5), options()); }),
                         "its first bytes are damaged"));
}

TEST_F(Journal, AHeaderThatWasNeverWrittenWholeIsBegunAnew) {
    pool_.map(tripled, numbers(5), options());
    const auto bytes = support::content_of(file());
    for (const std::size_t size : {0U, 1U, 8U, 31U, 32U, 34U}) {
        directory_.write("run.journal", bytes.substr(0, size));
        EXPECT_EQ(pool_.map(tripled, numbers(5), options()).size(), 5U);
        EXPECT_EQ(support::content_of(file()).substr(0, 35), bytes.substr(0, 35));
    }
}

TEST_F(Journal, AFullDiskEndsTheCallAndKeepsWhatItHas) {
    Pool& pool = pool_;
    const std::string path = file();
    EXPECT_EQ(support::status_of_child([&] {
                  const rlimit limit{3000, 3000};
                  Pool own{2};
                  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
                      return false;
                  }
                  const auto why =
                      refusal([&] { own.map(tripled, numbers(1000), {.journal = {path}}); });
                  return contains(why, "cannot be written") && contains(why, "make room");
              }),
              0);
    const std::size_t done = count(JournalItem::State::done);
    EXPECT_LE(std::filesystem::file_size(file()), 3000U);
    EXPECT_EQ(contents().torn, 0U);
    EXPECT_EQ(pool.map(tripled, numbers(1000), options()).back(), 2997);
    EXPECT_EQ(contents().missing(), 0U);
    RecordProperty("done_before", static_cast<int>(done));
}

TEST_F(Journal, CallsThatCannotHaveOneSayWhy) {
    mp::shared_vector<int> out;
    EXPECT_THROW(pool_.map_into(tripled, numbers(3), out, options()), std::invalid_argument);
    EXPECT_THROW(pool_.transform_reduce(
                     numbers(3), 0, [](int a, int b) { return a + b; }, tripled, options()),
                 std::invalid_argument);
    const mp::shared_vector<int> all(10);
    const std::vector<mp::shared_span<const int>> slices{all.slice(0, 5)};
    EXPECT_THROW(
        pool_.map([](mp::shared_span<const int> s) { return s.size(); }, slices, options()),
        std::invalid_argument);
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Journal, AnEmptyRangeLeavesAnEmptyJournal) {
    EXPECT_TRUE(pool_.map(tripled, std::vector<int>{}, options()).empty());
    EXPECT_EQ(contents().count, 0U);
    EXPECT_TRUE(contents().items.empty());
}

TEST_F(Journal, ManyScatteredItemsAreRunAgain) {
    const auto items = numbers(3000);
    EXPECT_THROW(pool_.map(odd_ones_throw, items, options()), std::out_of_range);
    runs->mended = true;
    EXPECT_EQ(pool_.map(odd_ones_throw, items, options()), items);
    for (int i = 0; i < 3000; ++i) {
        ASSERT_EQ(runs->of[i], 1 + i % 2) << i;
    }
}

TEST(JournalFormat, AHashTellsBytesSizesAndUsesApart) {
    using mp::detail::JournalHash;
    const std::vector<std::byte> bytes(20);
    const auto of = [&](std::size_t size, JournalHash::Of what = JournalHash::Of::item) {
        return JournalHash::of(what, std::span(bytes).first(size));
    };
    EXPECT_NE(of(0), of(1));
    EXPECT_NE(of(7), of(8));
    EXPECT_NE(of(8), of(16));
    EXPECT_NE(of(8), of(8, JournalHash::Of::payload));
    JournalHash pieces(JournalHash::Of::item);
    pieces.add(std::span(bytes).first(8));
    pieces.add(std::span(bytes).subspan(8));
    EXPECT_EQ(pieces.get(), of(20));
}

}  // namespace
