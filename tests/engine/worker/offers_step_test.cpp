#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "../pool_pages.hpp"
#include "engine/shared/settle_offer.hpp"
#include "engine/shared/steps.hpp"
#include "engine/worker/offers.hpp"

/// Two workers in one process: what each sees of the other's offer, and what is held in the end.
namespace procpool::engine {
namespace {

std::function<void()> at_opened;

class OffersTest : public testing::Test {
protected:
    OffersTest() {
        pages.layout().job(job).serial = serial;
        giver.slot.write_claim(claim, engine_test::PoolPages::secret);
        giver.slot.phase = phase::taken;
        step_hook = [](Step step, int /*worker*/) {
            if (step == Step::offer_opened && at_opened) {
                at_opened();
            }
        };
    }
    ~OffersTest() override {
        step_hook = nullptr;
        at_opened = nullptr;
    }

    /// The other worker takes what is offered, as Claims does it.
    bool take() {
        const std::optional<Claim> seen = taking.seen(giver.worker);
        if (!seen) {
            return false;
        }
        taker.slot.write_claim(*seen, engine_test::PoolPages::secret);
        taker.slot.phase = phase::intent;
        const bool taken = taking.take(*seen);
        taker.slot.phase = taken ? phase::taken : phase::idle;
        return taken;
    }
    [[nodiscard]] std::optional<std::uint64_t> held_end() const {
        return settle_offer(pages.layout(), giver.worker, claim);
    }
    [[nodiscard]] Word& word() const { return pages.layout().offer(giver.worker); }

    static constexpr std::size_t job = 3;
    static constexpr std::uint64_t serial = 9;
    static constexpr Claim claim{job, serial, 100, 120, 0, 0};

    engine_test::PoolPages pages{2};
    Seat giver{pages.layout(), 0};
    Seat taker{pages.layout(), 1};
    Bells givers_bells{giver};
    Bells takers_bells{taker};
    Offers giving{giver, givers_bells};
    Offers taking{taker, takers_bells};
};

TEST_F(OffersTest, AreTakenFromTheSplitOn) {
    ASSERT_TRUE(giving.make(claim, 105));
    ASSERT_TRUE(take());
    EXPECT_EQ(taker.slot.begin, 105U);
    EXPECT_EQ(taker.slot.end, 120U);
    EXPECT_EQ(held_end(), 105U);
    EXPECT_FALSE(giving.take_back(claim));
}

TEST_F(OffersTest, AreTakenBack) {
    ASSERT_TRUE(giving.make(claim, 105));
    EXPECT_TRUE(giving.take_back(claim));
    EXPECT_FALSE(take());
    EXPECT_EQ(held_end(), 120U);
}

TEST_F(OffersTest, AreTakenBackForTheDead) {
    ASSERT_TRUE(giving.make(claim, 105));
    EXPECT_EQ(held_end(), 120U);
    EXPECT_FALSE(take());
}

TEST_F(OffersTest, AreNotReplacedWhileTheirTakerIsInDoubt) {
    ASSERT_TRUE(giving.make(claim, 105));
    ASSERT_TRUE(take());
    taker.slot.phase = phase::intent;  // it has not said yet that it has them
    EXPECT_FALSE(giving.take_back(claim));
    EXPECT_FALSE(giving.make(claim, 102));
    taker.slot.phase = phase::taken;
    EXPECT_TRUE(giving.make(claim, 102));
}

TEST_F(OffersTest, AreNotMadeOrTakenWhileTheClientFindsOutWhoHoldsWhat) {
    pages.layout().pool().no_offers = 1;
    EXPECT_FALSE(giving.make(claim, 105));
    pages.layout().pool().no_offers = 0;
    ASSERT_TRUE(giving.make(claim, 105));
    pages.layout().pool().no_offers = 1;
    EXPECT_FALSE(take());
}

/// Taken between the opening and the second look at `no_offers`: it stays known that it was.
TEST_F(OffersTest, TakenAtTheLastMomentEndTheClaimAtTheSplit) {
    at_opened = [this] {
        ASSERT_TRUE(take());
        pages.layout().pool().no_offers = 1;
    };
    EXPECT_TRUE(giving.make(claim, 105));
    pages.layout().pool().no_offers = 0;
    EXPECT_TRUE(giving.is_open());
    EXPECT_FALSE(giving.take_back(claim));
    EXPECT_EQ(held_end(), 105U);
}

TEST_F(OffersTest, NotOpenedYetSayNothing) {
    ASSERT_TRUE(giving.make(claim, 105));
    ASSERT_TRUE(giving.take_back(claim));
    const std::uint64_t before = word();
    ASSERT_TRUE(giving.make(claim, 110));
    word() = before;  // as if it had been killed just before the opening
    EXPECT_EQ(held_end(), 120U);
}

TEST_F(OffersTest, WrittenOverAreNotTaken) {
    ASSERT_TRUE(giving.make(claim, 105));
    for (const std::uint64_t ink : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        word() = ink;
        EXPECT_FALSE(take()) << ink;
        EXPECT_EQ(held_end(), std::nullopt) << ink;
    }
    EXPECT_FALSE(giving.take_back(claim));
    EXPECT_EQ(giver.slot.alarm, 1U);
}

TEST_F(OffersTest, OfAMuchEarlierNumberMakeNoSense) {
    const std::uint64_t first = word();
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(giving.make(claim, 105));
        ASSERT_TRUE(giving.take_back(claim));
    }
    word() = first;
    EXPECT_EQ(held_end(), std::nullopt);
}

}  // namespace
}  // namespace procpool::engine
