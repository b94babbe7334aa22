#include <atomic>
#include <chrono>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/detail/progress.hpp>
#include <procpool/pool.hpp>

#include "support/eventually.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using mp::detail::progress_line;
using namespace std::chrono_literals;
using support::contains;
using support::ends_with;
using support::starts_with;

namespace {

TEST(ProgressLine, ShowsLabelBarShareCountAndTimes) {
    EXPECT_EQ(progress_line("parsing", 50, 200, 10s, 80),
              "parsing [#########...........................]  25%  50/200  0:10 + 0:30  5.0/s");
}

TEST(ProgressLine, ShowsTheRateTheWorkersAndTheDeadWhereThereIsRoom) {
    const auto line = [](std::size_t width) {
        return progress_line("x", 50'000, 200'000, 1s, width, {4, 3, 2});
    };
    EXPECT_TRUE(ends_with(line(120), "0:01 + 0:03  50 k/s  3/4 busy  2 died")) << line(120);
    EXPECT_TRUE(ends_with(line(50), "0:01 + 0:03")) << line(50);
    EXPECT_TRUE(contains(progress_line("x", 5, 10, 60s, 80), "5.0/min"));
    EXPECT_TRUE(contains(progress_line("x", 5, 10, 1h, 80), "5.0/h"));
}

TEST(ProgressNote, SaysTheSameInALine) {
    using mp::detail::progress_note;
    EXPECT_EQ(progress_note("parsing", 50, 200, 10s, {4, 3, 1}),
              "parsing: 50 of 200 (25%) in 0:10, 5.0/s, 0:30 left, 3 of 4 workers busy, 1 died");
    EXPECT_EQ(progress_note("parsing", 0, 200, 10s), "parsing: 0 of 200 (0%) in 0:10");
    EXPECT_EQ(progress_note("rows", 1234, std::nullopt, 75s), "rows: 1234 in 1:15, 16/s");
    EXPECT_EQ(progress_note("parsing", 200, 200, 40s), "parsing: 200 of 200 (100%) in 0:40, 5.0/s");
}

TEST(ProgressLine, KnowsNoTimeLeftBeforeTheFirstItem) {
    const std::string begin = progress_line("x", 0, 10, 61s, 80);
    EXPECT_TRUE(contains(begin, "  0%"));
    EXPECT_TRUE(ends_with(begin, "1:01"));
}

TEST(ProgressLine, IsFullAtTheEnd) {
    const std::string end = progress_line("x", 10, 10, 2h, 80);
    EXPECT_TRUE(contains(end, {"[########", "100%"}));
    EXPECT_TRUE(ends_with(end, "2h00  5.0/h"));
    EXPECT_TRUE(contains(progress_line("x", 11, 10, 1s, 80), "100%"));
    EXPECT_TRUE(contains(progress_line("x", 0, 0, 1s, 80), "100%"));
}

TEST(ProgressLine, FitsEveryWidth) {
    for (std::size_t width = 0; width < 200; ++width) {
        const auto line = progress_line("a label of some length", 123'456, 999'999, 3h, width);
        EXPECT_LT(line.size(), width == 0 ? 1 : width) << line;
    }
}

TEST(ProgressLine, CutsALabelBetweenCharacters) {
    const std::string label = "Bäume fällen für größere Öfen";  // each umlaut is two bytes
    const std::string right = progress_line("", 0, 10, 0s, 22);
    for (std::size_t width = right.size() + 2; width < right.size() + label.size(); ++width) {
        const auto line = progress_line(label, 0, 10, 0s, width);
        const auto shown = line.substr(0, line.size() - right.size());
        EXPECT_TRUE(starts_with(label, shown));
        EXPECT_LE(line.size() + 1, width);
        EXPECT_GE(line.size() + 2, width) << "no more than half a character is left out";
        EXPECT_NE(static_cast<unsigned char>(label[shown.size()]) & 0xc0U, 0x80U)
            << "cut within a character: " << shown;
    }
}

/// What `reader` reads of what `run` writes to stderr when that is `writer`. Closes both.
template <class Run>
std::string shown_on(int writer, int reader, Run run) {
    const int saved = dup(STDERR_FILENO);
    dup2(writer, STDERR_FILENO);
    run();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(writer);
    std::string text;
    char some[256];
    for (ssize_t size = 0; (size = read(reader, some, sizeof some)) > 0;) {
        text.append(some, static_cast<std::size_t>(size));
    }
    close(reader);
    return text;
}

TEST(ProgressBar, IsSilentInAFileWhileACallIsShort) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const auto text = shown_on(ends[1], ends[0], [] {
        mp::detail::ProgressBar bar("x", 10);
        EXPECT_GE(bar.due() - std::chrono::steady_clock::now(), 9s);
        bar.end_at(10);
    });
    EXPECT_EQ(text, "");
}

TEST(ProgressBar, IsALineNowAndThenInAFileAndOneAtTheEnd) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const auto text = shown_on(ends[1], ends[0], [] {
        mp::detail::ProgressBar bar("x", 10);
        bar.show(0, {4, 2, 1});
        EXPECT_GE(bar.due() - std::chrono::steady_clock::now(), 9s);
        bar.end_at(10);
    });
    EXPECT_TRUE(starts_with(text,
                            "x: 0 of 10 (0%) in 0:00, 2 of 4 workers busy, 1 died\n"
                            "x: 10 of 10 (100%) in 0:00"))
        << text;
    EXPECT_TRUE(ends_with(text, "\n"));
}

TEST(ProgressBar, LeavesATerminalClean) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        GTEST_SKIP() << "no pseudo terminal";
    }
    const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ASSERT_GE(end, 0);
    const auto text = shown_on(end, terminal, [] {
        mp::detail::ProgressBar bar("walking", 10);
        bar.show(5);
    });
    EXPECT_TRUE(starts_with(text, "\r\x1b[K"));
    EXPECT_TRUE(contains(text, {"walking", "5/10"}));
    EXPECT_TRUE(ends_with(text, "\r\x1b[K"));
}

TEST(ProgressBar, StaysInOneLineWhateverItsLabel) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        GTEST_SKIP() << "no pseudo terminal";
    }
    const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ASSERT_GE(end, 0);
    const auto text = shown_on(end, terminal, [] {
        mp::detail::ProgressBar bar("two\nlines\r\tand\x1b[2J", 10);
        bar.show(5);
    });
    EXPECT_TRUE(contains(text, "two lines  and [2J"));
    EXPECT_FALSE(contains(text, "\n"));
}

/// What a pool of one worker shows of items that wait for `go`, which is set after the first wait.
template <class Begin, class Wait>
std::string shown_of(Begin begin, Wait wait) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        return "no pseudo terminal";
    }
    const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    const support::Shared<std::atomic<bool>> go;
    const auto item = [go = go.get()](int x) {
        support::await([&] { return go->load(); }, "go");
        return x;
    };
    return shown_on(end, terminal, [&] {
        mp::Pool pool{1};
        auto begun = begin(pool, item);
        wait(begun, 250ms);
        *go = true;
        wait(begun, 30s);
    });
}

TEST(Progress, OfAMapAsyncIsShownByItsWaits) {
    const auto text = shown_of(
        [](mp::Pool& pool, auto item) {
            return pool.map_async(item, support::numbers(7), {.progress = "later"});
        },
        [](auto& result, auto time) { static_cast<void>(result.wait(time)); });
    if (text != "no pseudo terminal") {
        EXPECT_TRUE(contains(text, {"later", "0/7"})) << text;
        EXPECT_TRUE(ends_with(text, "\r\x1b[K"));
    }
}

TEST(Progress, OfAStreamIsShownWhileItIsReadWhateverItsLength) {
    const auto text = shown_of(
        [](mp::Pool& pool, auto item) {
            return pool.imap(item, std::views::iota(0), {.progress = "streaming"});
        },
        [](auto& stream, auto time) {
            try {
                static_cast<void>(stream.next(time));
            } catch (const mp::TimeoutError&) {
                // not yet
            }
        });
    if (text != "no pseudo terminal") {
        EXPECT_TRUE(contains(text, {"streaming  0  0:00"})) << text;
        EXPECT_TRUE(ends_with(text, "\r\x1b[K"));
    }
}

TEST(ProgressLine, SaysHowManyWhenNobodyKnowsOfHowMany) {
    EXPECT_EQ(progress_line("rows", 1234, std::nullopt, 75s, 80), "rows  1234  1:15  16/s");
    EXPECT_EQ(progress_line("rows", 1234, std::nullopt, 75s, 15), "ro  1234  1:15");
    EXPECT_EQ(progress_line("rows", 1234, std::nullopt, 75s, 5), "");
}

TEST(Progress, IsOffWithoutALabel) {
    EXPECT_FALSE(mp::Progress{});
    EXPECT_TRUE(mp::Progress("x"));
}

TEST(Progress, ChangesNoResult) {
    mp::Pool pool{1};
    const std::vector<int> items{1, 2, 3};
    EXPECT_EQ(pool.map([](int x) { return x; }, items, {.progress = "mapping"}), items);
}

}  // namespace
