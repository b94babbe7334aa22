// What program and tasks print comes out once, whatever buffers it lay in.

#include <array>
#include <atomic>
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>

#include "support/command.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/program.hpp"

TEST(Output, OfStreamsWithBuffersOfTheirOwnIsNeitherDoubledNorLost) {
    support::Program program("life/output");
    std::istringstream words(program.line());
    int headers = 0;
    int items = 0;
    int ends = 0;
    for (std::string word; words >> word;) {
        headers += word == "header" ? 1 : 0;
        items += word == "item" ? 1 : 0;
        ends += word == "end" ? 1 : 0;
    }
    EXPECT_EQ(headers, 1);
    EXPECT_EQ(items, 10);
    EXPECT_EQ(ends, 1);
}

/// An interactive program reads lines in a thread of its own. While it waits for one, that thread
/// has the lock of stdin.
TEST(Output, IsWrittenBeforeAForkWhileAnotherThreadReadsStdin) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const int before = ::dup(STDIN_FILENO);
    ::dup2(pipe[0], STDIN_FILENO);
    std::thread reader([] { static_cast<void>(std::fgetc(stdin)); });
    const bool reads = support::eventually([] {
        const bool free = ::ftrylockfile(stdin) == 0;
        if (free) {
            ::funlockfile(stdin);
        }
        return !free;
    });
    support::Counter sum{0};
    std::thread maker([&] {
        procpool::Pool pool{1};
        sum += pool.apply([](int x) { return x; }, 2);
        sum += procpool::fork_map([&](int x) { return x; }, std::vector{3}).at(0);
    });
    const bool made = support::eventually([&] { return sum == 5; });
    EXPECT_EQ(::write(pipe[1], "\n", 1), 1);  // the line is typed
    reader.join();
    maker.join();
    ::dup2(before, STDIN_FILENO);
    ::close(before);
    ::close(pipe[0]);
    ::close(pipe[1]);
    EXPECT_TRUE(reads);
    EXPECT_TRUE(made);
}

TEST(Output, OfAFileThatIsOpenIsWrittenOnce) {
    const support::Directory directory;
    const std::string path = directory.path() + "/log";
    std::FILE* const file = std::fopen(path.c_str(), "w");
    std::fputs("once\n", file);
    {
        procpool::Pool pool{2};
        pool.map([](int x) { return x; }, std::vector<int>(10));
        pool.close();
        pool.join();
    }
    std::fclose(file);
    EXPECT_EQ(support::content_of(path), "once\n");
}

/// Between the flush before a fork and the fork.
TEST(Output, OfAThreadThatWritesWhileAPoolIsMadeIsWrittenOnce) {
    const support::Directory directory;
    const std::string path = directory.path() + "/log";
    std::FILE* const file = std::fopen(path.c_str(), "w");
    std::atomic<bool> done{false};
    int written = 0;
    std::thread writer([&] {
        for (; !done; ++written) {
            std::fprintf(file, "%d\n", written);
        }
    });
    for (int round = 0; round < 10; ++round) {
        procpool::Pool pool{{.processes = 1, .start = procpool::Start::fork}};
        EXPECT_EQ(pool.apply([](int x) { return x; }, 2), 2);
        pool.close();
        pool.join();
    }
    done = true;
    writer.join();
    std::fclose(file);
    std::string expected;
    for (int line = 0; line < written; ++line) {
        expected += std::to_string(line) + '\n';
    }
    EXPECT_EQ(support::content_of(path).size(), expected.size());
    EXPECT_TRUE(support::content_of(path) == expected);
}

/// To files, where a buffer would be written when it is full, in the middle of a line.
TEST(Output, OfTasksComesInWholeLines) {
    const support::Ended ended = support::run(PROCPOOL_PROGRAMS "/life/lines", {}, [] {
        // The files of the test have no lock for their position, as those of a disk do.
        ::fcntl(STDOUT_FILENO, F_SETFL, O_APPEND);
        ::fcntl(STDERR_FILENO, F_SETFL, O_APPEND);
    });
    ASSERT_EQ(ended.exit_code(), 0);
    for (const std::string* const text : {&ended.out, &ended.err}) {
        std::istringstream lines(*text);
        int whole = 0;
        for (std::string line; std::getline(lines, line); ++whole) {
            ASSERT_EQ(line, std::string(100, line.at(0)));
        }
        EXPECT_EQ(whole, 4 * 500);
    }
}

TEST(Output, OfAWorkerThatCrashesIsNotLost) {
    const support::Ended ended = support::run(PROCPOOL_PROGRAMS "/life/lines", {"crash"});
    EXPECT_EQ(ended.err, "before the crash");
}
