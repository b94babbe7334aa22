// What the system refuses a journal: room, locks, descriptors, a disk.

#include <cerrno>
#include <string>
#include <system_error>

#include <unistd.h>

#include <gtest/gtest.h>

#include <procpool/journal.hpp>
#include <procpool/pool.hpp>

#include "support/faults.hpp"
#include "support/files.hpp"
#include "support/numbers.hpp"
#include "support/shared.hpp"
#include "support/text.hpp"

namespace {

using procpool::JournalItem;
using procpool::Pool;
using procpool::os::Call;
using support::contains;
using support::faults;
using support::numbers;

int twice(int x) { return 2 * x; }

class JournalFaults : public testing::Test {
protected:
    JournalFaults() {
        faults = shared_.get();
        procpool::os::fault_hook = support::decide;
    }
    ~JournalFaults() override { procpool::os::fault_hook = nullptr; }

    [[nodiscard]] std::string file() const { return directory_.path() + "/run.journal"; }
    /// What the call says while that fails; it works again afterwards.
    std::string refusal(Call call, int error, int after = 0, bool sync = false) {
        faults->fail(call, error, after, 1'000'000, support::Where::client);
        std::string why = "no error";
        try {
            pool_.map(twice, numbers(500), {.journal = {file(), false, sync}});
        } catch (const std::exception& caught) {
            why = caught.what();
        }
        EXPECT_GT(faults->hits, 0);
        faults->stop();
        EXPECT_EQ(pool_.map(twice, numbers(500), {.journal = {file()}}).back(), 998);
        EXPECT_EQ(procpool::read_journal(file()).missing(), 0U);
        return why;
    }

    support::Shared<support::Faults> shared_;
    support::Directory directory_;
    Pool pool_{2};
};

TEST_F(JournalFaults, AFullDiskIsTheErrorOfAnItemAndWhatWasWrittenIsKept) {
    for (const int after : {0, 1, 2, 3, 10}) {
        const std::string why = refusal(Call::write_file, ENOSPC, after, true);
        EXPECT_TRUE(contains(why, "cannot be written")) << why;
        EXPECT_TRUE(contains(why, "make room")) << why;
        EXPECT_TRUE(contains(why, "No space left on device")) << why;
        ASSERT_EQ(::unlink(file().c_str()), 0);
    }
}

TEST_F(JournalFaults, EveryOutcomeOfATryMapSaysThatItIsNotWritten) {
    faults->fail(Call::write_file, ENOSPC, 4, 1'000'000, support::Where::client);
    const auto outcomes = pool_.try_map(twice, numbers(500), {.journal = {file(), false, true}});
    faults->stop();
    const auto journal = procpool::read_journal(file());
    std::size_t values = 0;
    for (const auto& outcome : outcomes) {
        values += outcome ? 1 : 0;
    }
    EXPECT_EQ(values, journal.items.size());
    EXPECT_EQ(journal.torn, 0U);
}

TEST_F(JournalFaults, AStreamEndsWithTheReason) {
    faults->fail(Call::write_file, EDQUOT, 4, 1'000'000, support::Where::client);
    auto stream = pool_.imap(twice, numbers(500), {.journal = {file(), false, true}});
    int values = 0;
    bool said = false;
    for (bool ended = false; !ended;) {
        try {
            ended = !stream.next();
            values += ended ? 0 : 1;
        } catch (const std::system_error& error) {
            said = error.code().value() == EDQUOT;
        }
    }
    faults->stop();
    EXPECT_TRUE(said);
    EXPECT_LT(values, 500);
    EXPECT_EQ(static_cast<std::size_t>(values), procpool::read_journal(file()).items.size());
}

TEST_F(JournalFaults, ADiskThatFailsIsTheReasonToo) {
    EXPECT_TRUE(contains(refusal(Call::sync_file, EIO, 1), "Input/output error"));
}

TEST_F(JournalFaults, WithoutLocksThereIsNoJournal) {
    EXPECT_TRUE(contains(refusal(Call::lock_file, ENOLCK), "cannot be locked"));
}

TEST_F(JournalFaults, WithoutDescriptorsThereIsNoJournal) {
    EXPECT_TRUE(contains(refusal(Call::open_file, EMFILE), "cannot be opened"));
}

TEST_F(JournalFaults, ATornEndThatCannotBeCutIsLeftAlone) {
    pool_.map(twice, numbers(5), {.journal = {file()}});
    const std::string bytes = support::content_of(file());
    directory_.write("run.journal", bytes.substr(0, bytes.size() - 1));
    EXPECT_TRUE(contains(refusal(Call::resize_file, EIO), "torn end"));
}

TEST_F(JournalFaults, AFileThatCannotBeReadIsNotTakenForAnEmptyOne) {
    pool_.map(twice, numbers(5), {.journal = {file()}});
    EXPECT_TRUE(contains(refusal(Call::read, EIO, 1), "cannot be read: Input/output error"));
    EXPECT_EQ(procpool::read_journal(file()).damaged, 0U);
}

TEST_F(JournalFaults, SignalsDoNotDisturb) {
    faults->interrupt = true;
    EXPECT_EQ(pool_.map(twice, numbers(500), {.journal = {file(), false, true}}).back(), 998);
    faults->stop();
    EXPECT_EQ(procpool::read_journal(file()).items.size(), 500U);
}

}  // namespace
