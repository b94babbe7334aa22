#include <cstddef>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <procpool/detail/failure.hpp>

#include "support/allocations.hpp"

namespace {

/// Allocations of more bytes fail.
thread_local std::size_t largest_allocation = ~std::size_t{0};

class LargestAllocation {
public:
    explicit LargestAllocation(std::size_t bytes) { largest_allocation = bytes; }
    LargestAllocation(const LargestAllocation&) = delete;
    LargestAllocation& operator=(const LargestAllocation&) = delete;
    ~LargestAllocation() { largest_allocation = ~std::size_t{0}; }
};

}  // namespace

bool allocation_fails(std::size_t size) noexcept { return size > largest_allocation; }

namespace {

using procpool::detail::Failure;
using procpool::detail::StandardType;

std::vector<std::byte> encode_with_allocations_up_to(std::size_t bytes) {
    const std::string text(2000, 'x');
    try {
        throw std::out_of_range(text);
    } catch (...) {
        const LargestAllocation limit(bytes);
        return procpool::detail::encode_current_exception(9, 4711);
    }
}

TEST(FailureMemory, EncodingNeverThrowsHoweverLittleMemoryThereIs) {
    for (std::size_t bytes = 0; bytes < 4000; bytes += 8) {
        const Failure failure =
            procpool::detail::decode_failure(encode_with_allocations_up_to(bytes));
        EXPECT_TRUE(failure.standard == StandardType::out_of_range ||
                    failure.standard == StandardType::bad_alloc);
    }
}

TEST(FailureMemory, ARecordWithoutTextStillNamesTypeItemAndWorker) {
    const Failure failure = procpool::detail::decode_failure(encode_with_allocations_up_to(200));
    EXPECT_EQ(failure.standard, StandardType::out_of_range);
    EXPECT_EQ(failure.index, 9U);
    EXPECT_EQ(failure.worker_pid, 4711);
    EXPECT_LT(failure.message.size(), 100U);
}

TEST(FailureMemory, WithoutAnyMemoryTheRecordIsEmptyAndDecodesAsBadAlloc) {
    const auto bytes = encode_with_allocations_up_to(0);
    EXPECT_TRUE(bytes.empty());
    EXPECT_EQ(procpool::detail::decode_failure(bytes).standard, StandardType::bad_alloc);
}

TEST(FailureMemory, DecodingWithoutMemoryIsBadAlloc) {
    const auto bytes = encode_with_allocations_up_to(~std::size_t{0});
    const LargestAllocation limit(0);
    const Failure failure = procpool::detail::decode_failure(bytes);
    EXPECT_EQ(failure.standard, StandardType::bad_alloc);
}

}  // namespace
