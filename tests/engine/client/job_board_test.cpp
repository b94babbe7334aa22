#include "engine/client/job_board.hpp"

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/errors.hpp>

#include "../pool_pages.hpp"

namespace procpool::engine {
namespace {

class JobBoardTest : public testing::Test {
protected:
    /// A job of so many items on a page of its own.
    JobHandle post(std::uint64_t items, const JobTerms& terms = {}) {
        auto job = std::make_shared<Job>(nullptr);
        job->count = items;
        const std::size_t page = *board.free_page(items);
        layout.job(page).terms = terms;
        board.post(job, page);
        return job;
    }
    [[nodiscard]] const JobPage& page_of(const JobHandle& job) const {
        return layout.job(job->postings.back().page);
    }

    engine_test::PoolPages pages{2};
    const Layout& layout = pages.layout();
    ForkServer server{layout};
    JobBoard board{layout, server};
};

TEST_F(JobBoardTest, TellsWorkersOfAJobThatIsPostedAgainAllThatTheyWereToldAtFirst) {
    JobTerms terms;
    terms.closure_size = 8;
    terms.result_stride = 16;
    terms.chunksize = 3;
    terms.timeout_ns = 5'000;
    terms.retries = 2;
    terms.eager = true;
    terms.waited = true;
    terms.fail_fast = true;
    terms.only_worker = 1;
    const JobHandle job = post(10, terms);

    ASSERT_TRUE(board.post_again(job, std::array{Extent{0, 4}}, 6));

    const JobTerms& again = page_of(job).terms;
    EXPECT_EQ(job->postings.size(), 2U);
    EXPECT_EQ(again.closure_size, terms.closure_size);
    EXPECT_EQ(again.result_stride, terms.result_stride);
    EXPECT_EQ(again.chunksize, terms.chunksize);
    EXPECT_EQ(again.timeout_ns, terms.timeout_ns);
    EXPECT_EQ(again.retries, terms.retries);
    EXPECT_TRUE(again.eager);
    EXPECT_TRUE(again.waited);
    EXPECT_TRUE(again.fail_fast);
    EXPECT_EQ(again.only_worker, terms.only_worker);
    EXPECT_TRUE(page_of(job).guarded);
}

TEST_F(JobBoardTest, TakesTheLowestFreePage) {
    const JobHandle first = post(1);
    const JobHandle second = post(1);
    EXPECT_EQ(first->postings.back().page, 0U);
    EXPECT_EQ(second->postings.back().page, 1U);

    first->done.insert(0, 1);
    board.finish_if_complete(*first);
    EXPECT_TRUE(first->resolved);
    EXPECT_EQ(board.free_page(1), 0U);
}

TEST_F(JobBoardTest, HasAPageForEachJobAndThenNone) {
    for (std::size_t i = 0; i < layout.jobs(); ++i) {
        ASSERT_TRUE(board.free_page(1));
        post(1);
    }
    EXPECT_FALSE(board.free_page(1));
    EXPECT_EQ(board.unresolved(), layout.jobs());
}

TEST_F(JobBoardTest, FindsAJobByItsPageAndSerialNumberOnly) {
    const JobHandle job = post(1);
    const std::uint64_t serial = page_of(job).serial;
    EXPECT_EQ(board.find(0, serial), job.get());
    EXPECT_EQ(board.find(0, serial + 1), nullptr);
    EXPECT_EQ(board.find(1, serial), nullptr);
}

TEST_F(JobBoardTest, SaysWhichTimeoutIsTheShortest) {
    const JobHandle slow = post(1, {.timeout_ns = 7'000});
    const JobHandle fast = post(1, {.timeout_ns = 5'000});
    EXPECT_EQ(layout.pool().shortest_timeout, 5'000U);
    board.give_up(*fast, {});
    EXPECT_EQ(layout.pool().shortest_timeout, 7'000U);
    board.give_up(*slow, {});
    EXPECT_EQ(layout.pool().shortest_timeout, 0U);
}

/// As the claim word of its page stands.
TEST_F(JobBoardTest, NeverGivesAPageAPositionThatItHadBefore) {
    std::uint64_t next = 0;
    for (const std::uint64_t items : {std::uint64_t{10}, std::uint64_t{1}, std::uint64_t{7}}) {
        const JobHandle job = post(items);
        const ClaimWord word{layout.words(0).claim};
        EXPECT_EQ(job->postings.back().page, 0U);
        EXPECT_GE(word.next(), next);
        EXPECT_EQ(page_of(job).limit, word.next() + items);
        EXPECT_EQ(word.next() + page_of(job).shift, 0U) << "is item 0";
        next = page_of(job).limit + 1;
        board.give_up(*job, {});
    }
}

TEST_F(JobBoardTest, HasNoSerialNumberOnAPageThatNobodyUses) {
    const JobHandle job = post(10);
    EXPECT_NE(layout.job(0).serial, 0U);
    board.give_up(*job, {});
    EXPECT_EQ(layout.job(0).serial, 0U);
}

TEST_F(JobBoardTest, SeesThatAWorkerClosedAJob) {
    const JobHandle job = post(10);
    EXPECT_FALSE(board.is_closed_by_worker(*job));
    const std::uint64_t serial = page_of(job).serial;
    const std::uint64_t next = ClaimWord{layout.words(0).claim}.next();
    layout.words(0).claim =
        ClaimWord::make(next, taker::closed, engine_test::PoolPages::secret, serial + 1).bits;
    EXPECT_FALSE(board.is_closed_by_worker(*job)) << "the word is of another job";
    layout.words(0).claim =
        ClaimWord::make(next, taker::closed, engine_test::PoolPages::secret, serial).bits;
    EXPECT_TRUE(board.is_closed_by_worker(*job));
    board.close(*job, false);
    EXPECT_FALSE(board.is_closed_by_worker(*job)) << "it is closed here, too";
}

#if defined(__x86_64__)
/// What happens to a page while a job is posted, one instruction after the other.
struct Watched {
    const Word* claim = nullptr;
    const Word* limit = nullptr;
    const Word* serial = nullptr;
    std::array<std::uint64_t, 3> last{};
    std::array<char, 64> changes{};  // c, l, s
    std::size_t count = 0;
};
Watched watched;

void look_at_page(int /*signal*/) {
    const std::array<std::uint64_t, 3> now{watched.claim->load(), watched.limit->load(),
                                           watched.serial->load()};
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] != watched.last[i] && watched.count < watched.changes.size()) {
            watched.changes[watched.count++] = "cls"[i];
        }
    }
    watched.last = now;
}

/// Workers that slept over the end of the page's last job may look at it meanwhile.
TEST_F(JobBoardTest, StoresTheClaimWordThenTheLimitThenTheSerialNumber) {
    board.give_up(*post(10), {});
    watched = {.claim = &layout.words(0).claim,
               .limit = &layout.job(0).limit,
               .serial = &layout.job(0).serial};
    watched.last = {*watched.claim, *watched.limit, *watched.serial};
    auto before = std::signal(SIGTRAP, &look_at_page);
    asm volatile("pushfq; orq $0x100, (%%rsp); popfq" : : : "memory", "cc");
    const JobHandle job = post(20);
    asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory", "cc");
    std::signal(SIGTRAP, before);
    EXPECT_EQ(std::string(watched.changes.data(), watched.count), "cls");
}
#endif

TEST_F(JobBoardTest, DropsTheItemsThatNobodyClaimedOfALaterJobOfAPage) {
    board.give_up(*post(10), {});
    const JobHandle job = post(5);
    board.close(*job, false);
    EXPECT_EQ(job->done.total(), 5U);
    EXPECT_TRUE(job->done.contains_all_before(5));
}

TEST_F(JobBoardTest, TakesAnotherPageForWhatDoesNotFitAnyMore) {
    board.give_up(*post(max_items - 100), {});
    EXPECT_EQ(board.free_page(50), 0U);
    EXPECT_EQ(board.free_page(100), 1U);
}

TEST_F(JobBoardTest, SaysSoWhenNoPositionsAreLeft) {
    std::vector<JobHandle> jobs;
    for (std::size_t i = 0; i < layout.jobs(); ++i) {
        jobs.push_back(post(max_items));
    }
    for (const JobHandle& job : jobs) {
        board.give_up(*job, {});
    }
    EXPECT_THROW(static_cast<void>(board.free_page(1)), PoolBroken);
}

TEST_F(JobBoardTest, ShowsAJobOfOneWorkerToThatOneAlone) {
    const JobHandle job = post(1, {.only_worker = 1});
    EXPECT_EQ(layout.line(0).own_job, 0U);
    EXPECT_EQ(layout.line(1).own_job, 1 + job->postings.back().page);
    EXPECT_EQ(layout.pool().own_jobs, 1U);
    EXPECT_EQ(layout.pool().active.next_seen(0, layout.jobs()), layout.jobs());
    EXPECT_TRUE(layout.pool().active.any());

    board.give_up(*job, {});
    EXPECT_EQ(layout.line(1).own_job, 0U);
    EXPECT_EQ(layout.pool().own_jobs, 0U);
    EXPECT_FALSE(layout.pool().active.any());
    EXPECT_EQ(post(1)->postings.back().page, 0U);
    EXPECT_EQ(layout.pool().active.next_seen(0, layout.jobs()), 0U) << "the page hides no more";
}

TEST_F(JobBoardTest, ShowsTheSecondJobOfOneWorkerToAll) {
    const JobHandle first = post(1, {.only_worker = 1});
    const JobHandle second = post(1, {.only_worker = 1});
    EXPECT_EQ(layout.line(1).own_job, 1U);
    EXPECT_EQ(layout.pool().active.next_seen(0, layout.jobs()), 1U);
    board.give_up(*second, {});
    EXPECT_EQ(layout.line(1).own_job, 1U);
    board.give_up(*first, {});
    EXPECT_EQ(layout.line(1).own_job, 0U);
    EXPECT_FALSE(layout.pool().active.any());
}

TEST_F(JobBoardTest, ReportsAClaimWordThatMakesNoSense) {
    const JobHandle job = post(10);
    layout.words(0).claim = 0x1234;
    board.close(*job, true);
    EXPECT_TRUE(board.take_damage());
    EXPECT_FALSE(board.take_damage());
}

}  // namespace
}  // namespace procpool::engine
