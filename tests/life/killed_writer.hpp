#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include <procpool/journal.hpp>

#include "support/files.hpp"
#include "support/program.hpp"

/// A program whose call has a journal is killed at random moments and started again, until it ends
/// by itself.
namespace life {

struct Killing {
    std::string verb;
    int items = 0;
    int kills = 0;
    unsigned seed = 1;
};

/// Which items the file RUNS says were run, in that order.
inline std::vector<std::uint32_t> runs_in(const std::string& path) {
    const std::string bytes = support::content_of(path);
    std::vector<std::uint32_t> runs(bytes.size() / sizeof(std::uint32_t));
    std::memcpy(runs.data(), bytes.data(), runs.size() * sizeof(std::uint32_t));
    return runs;
}

inline std::set<std::size_t> done_in(const std::string& journal) {
    std::set<std::size_t> done;
    for (const auto& item : procpool::read_journal(journal).items) {
        if (item.state == procpool::JournalItem::State::done) {
            done.insert(item.index);
        }
    }
    return done;
}

/// However it is killed: what the journal said then is never run again, and in the end every item
/// has its result. Counts what was run twice. When all is done before it was killed so often, it
/// begins anew.
inline void kill_and_go_on(const Killing& killing) {
    std::mt19937 random(killing.seed);
    int killed = 0;
    int finished = 0;
    std::size_t again = 0;
    while (killed < killing.kills || finished == 0) {
        const support::Directory directory;
        const std::string journal = directory.path() + "/run.journal";
        const std::string runs = directory.path() + "/runs";
        std::set<std::size_t> done;
        std::size_t seen = 0;  // of the runs
        for (bool ended = false; !ended;) {
            support::Program program("life/journal",
                                     {killing.verb, std::to_string(killing.items), journal, runs});
            if (killed < killing.kills) {
                // Any moment: the early ones, of which there are many kinds, and any other.
                const unsigned longest_us = random() % 2 == 0 ? 30'000 : 250'000;
                std::this_thread::sleep_for(std::chrono::microseconds(random() % longest_us));
                program.kill();
                ++killed;
            }
            const int status = program.wait();
            ended = WIFEXITED(status);
            if (ended) {
                ASSERT_EQ(WEXITSTATUS(status), 0);
            }
            while (!program.offspring().empty()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            const auto all = runs_in(runs);
            for (; seen < all.size(); ++seen) {
                ASSERT_FALSE(done.contains(all[seen])) << "item " << all[seen] << " ran again";
            }
            if (!support::content_of(journal).empty()) {
                done = done_in(journal);
            }
        }
        ++finished;
        ASSERT_EQ(done.size(), static_cast<std::size_t>(killing.items));
        std::map<std::uint32_t, int> count;
        for (const std::uint32_t item : runs_in(runs)) {
            again += ++count[item] > 1 ? 1 : 0;
        }
        ASSERT_EQ(count.size(), static_cast<std::size_t>(killing.items));
    }
    std::printf("%s: killed %d times, %d times to the end, %zu items run again, %.1f a kill\n",
                killing.verb.c_str(), killed, finished, again,
                static_cast<double>(again) / killing.kills);
}

}  // namespace life
