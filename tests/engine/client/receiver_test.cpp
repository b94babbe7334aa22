// Between a job and a sink that runs code of the program: what was marked as done is told, also
// when there is no memory for anything.

#include "engine/client/receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/sanitized.hpp"

namespace {
bool no_memory = false;
}

bool allocation_fails(std::size_t /*size*/) noexcept { return no_memory; }

namespace {

using procpool::detail::Failure;
using procpool::detail::StandardType;
using procpool::engine::Receiver;

/// Counts what it hears of.
class Listener : public procpool::detail::Sink {
public:
    void results(std::uint64_t /*first*/, std::uint64_t count,
                 std::span<const std::byte> /*bytes*/) noexcept override {
        heard += count;
    }
    void result(std::uint64_t /*item*/, std::span<const std::byte> /*bytes*/) noexcept override {
        ++heard;
    }
    void failed(std::uint64_t /*item*/, Failure failure) noexcept override {
        ++heard;
        last = failure.standard;
    }
    void dropped(std::uint64_t first, std::uint64_t end, const Failure& why) noexcept override {
        heard += end - first;
        last = why.standard;
    }

    std::uint64_t heard = 0;
    StandardType last = StandardType::none;
};

class ReceiverWithoutMemory : public testing::Test {
protected:
    void SetUp() override {
        if (sanitized) {
            GTEST_SKIP() << "a sanitizer has an allocator of its own";
        }
        receiver_.make_room();
        no_memory = true;
    }
    void TearDown() override { no_memory = false; }

    void tell() {
        no_memory = false;
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(receiver_.tell(lock));
    }

    std::mutex mutex_;
    std::shared_ptr<Listener> listener_ = std::make_shared<Listener>();
    Receiver receiver_{listener_};
    const std::vector<std::byte> bytes_ = std::vector<std::byte>(1'000);
};

TEST_F(ReceiverWithoutMemory, TellsOfResultsThatItCannotKeep) {
    receiver_.results(0, 5, bytes_);
    tell();
    EXPECT_EQ(listener_->heard, 5U);
    EXPECT_EQ(listener_->last, StandardType::bad_alloc);
}

TEST_F(ReceiverWithoutMemory, TellsOfVariableSizedResultsThatItCannotKeep) {
    receiver_.sized(0, 5, bytes_);
    tell();
    EXPECT_EQ(listener_->heard, 5U);
    EXPECT_EQ(listener_->last, StandardType::bad_alloc);
}

TEST_F(ReceiverWithoutMemory, TellsOfItemsThatAreDropped) {
    no_memory = false;
    Failure why{.kind = Failure::Kind::broken, .message = std::string(100, 'w')};
    no_memory = true;
    receiver_.dropped(0, 5, std::move(why));
    tell();
    EXPECT_EQ(listener_->heard, 5U);
}

}  // namespace
