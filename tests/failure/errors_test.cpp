#include <concepts>
#include <csignal>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <procpool/detail/failure.hpp>
#include <procpool/errors.hpp>

namespace {

using procpool::detail::Failure;

template <class T>
concept CopiesWithoutThrowing =
    std::is_nothrow_copy_constructible_v<T> && std::is_nothrow_copy_assignable_v<T>;

template <class T>
concept PlainError =
    std::derived_from<T, std::runtime_error> && !std::derived_from<T, procpool::TaskFailure> &&
    CopiesWithoutThrowing<T> && std::constructible_from<T, const std::string&>;

template <class T>
concept ItemError = std::derived_from<T, std::runtime_error> &&
                    std::derived_from<T, procpool::TaskFailure> && CopiesWithoutThrowing<T>;

static_assert(!std::derived_from<procpool::TaskFailure, std::exception>);
static_assert(std::has_virtual_destructor_v<procpool::TaskFailure>);
static_assert(CopiesWithoutThrowing<procpool::TaskFailure>);
static_assert(ItemError<procpool::RemoteError> && ItemError<procpool::WorkerDied> &&
              ItemError<procpool::TaskTimeout> && ItemError<procpool::TaskCancelled>);
static_assert(PlainError<procpool::TimeoutError> && PlainError<procpool::PoolClosed> &&
              PlainError<procpool::PoolTerminated> && PlainError<procpool::PoolBroken> &&
              PlainError<procpool::InitializerFailed> && PlainError<procpool::NotShippable> &&
              PlainError<procpool::DecodeError>);

Failure death() {
    return {.kind = Failure::Kind::died,
            .index = 217,
            .worker_pid = 4711,
            .signal = SIGSEGV,
            .trace = "parse_header (parse.cpp:41)"};
}

TEST(Errors, ATaskFailureTellsItemWorkerAndTrace) {
    const procpool::TaskFailure failure(death());
    EXPECT_EQ(failure.index(), 217U);
    EXPECT_EQ(failure.worker_pid(), 4711);
    EXPECT_EQ(failure.type_name(), "");
    EXPECT_EQ(failure.trace(), "parse_header (parse.cpp:41)");
    EXPECT_EQ(failure.message(), procpool::detail::describe(death()));
}

TEST(Errors, ACopyOutlivesItsOriginal) {
    auto original = std::make_unique<procpool::TaskFailure>(death());
    const procpool::TaskFailure copy = *original;
    original.reset();
    EXPECT_EQ(copy.index(), 217U);
}

TEST(Errors, AMovedFromFailureCanStillBeRead) {
    procpool::TaskFailure original(death());
    const procpool::TaskFailure moved = std::move(original);
    EXPECT_EQ(original.index(), 217U);  // NOLINT(bugprone-use-after-move): what is tested
    EXPECT_EQ(moved.index(), 217U);
}

TEST(Errors, WorkerDiedTellsSignalAndExitStatus) {
    const procpool::WorkerDied by_signal(death());
    EXPECT_EQ(by_signal.signal(), SIGSEGV);
    EXPECT_EQ(by_signal.exit_status(), 0);
    const procpool::WorkerDied by_exit(Failure{.kind = Failure::Kind::died, .exit_status = 3});
    EXPECT_EQ(by_exit.signal(), 0);
    EXPECT_EQ(by_exit.exit_status(), 3);
}

TEST(Errors, WhatAndMessageAgree) {
    const procpool::WorkerDied died(death());
    EXPECT_EQ(died.what(), died.message());
}

TEST(Errors, AnItemErrorIsCaughtAsAnyOfItsBases) {
    EXPECT_THROW(throw procpool::WorkerDied(death()), procpool::TaskFailure);
    EXPECT_THROW(throw procpool::WorkerDied(death()), std::runtime_error);
    EXPECT_THROW(throw procpool::WorkerDied(death()), std::exception);
}

TEST(Errors, AnArrivedExceptionIsCaughtAsAnyOfItsBases) {
    Failure failure;
    failure.standard = procpool::detail::StandardType::out_of_range;
    EXPECT_THROW(procpool::detail::throw_failure(failure), std::out_of_range);
    EXPECT_THROW(procpool::detail::throw_failure(failure), std::logic_error);
    EXPECT_THROW(procpool::detail::throw_failure(failure), std::exception);
    EXPECT_THROW(procpool::detail::throw_failure(failure), procpool::TaskFailure);
}

}  // namespace
