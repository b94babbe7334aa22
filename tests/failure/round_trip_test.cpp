#include <any>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <typeinfo>
#include <variant>
#include <vector>
#include <version>

#include <cxxabi.h>
#include <pthread.h>
#if defined(__cpp_lib_format)
#include <format>
#endif

#include <gtest/gtest.h>

#include <procpool/detail/failure.hpp>

#include "support/text.hpp"

namespace {

using namespace std::chrono_literals;
using procpool::detail::decode_failure;
using procpool::detail::describe;
using procpool::detail::encode_current_exception;
using procpool::detail::encode_failure;
using procpool::detail::Failure;
using procpool::detail::StandardType;
using procpool::detail::throw_failure;
using support::contains;

/// What of an exception arrives in the client.
template <class F>
Failure shipped(F task) {
    try {
        task();
    } catch (...) {
        return decode_failure(encode_current_exception(217, 4711));
    }
    ADD_FAILURE() << "the task did not throw";
    return {};
}

template <class T>
Failure shipped_exception(const T& exception) {
    return shipped([&] { throw exception; });
}

/// Calls `look` with the exception of type T as which the failure is thrown.
template <class T, class Look>
void expect_thrown_as(const Failure& failure, Look look) {
    try {
        throw_failure(failure);
    } catch (const T& exception) {
        look(exception);
    } catch (...) {
        ADD_FAILURE() << "arrived as " << abi::__cxa_current_exception_type()->name();
    }
    EXPECT_THROW(throw_failure(failure), T);
}

/// A T that is thrown must arrive as a T, as no nearer standard type, and as a TaskFailure, with
/// the same text.
template <class T>
void expect_arrives_as_itself(const T& exception, const std::string& type_name) {
    const std::string text = exception.what();
    const Failure failure = shipped_exception(exception);
    EXPECT_EQ(failure.type_name, type_name);
    expect_thrown_as<T>(failure, [&](const T& arrived) {
        EXPECT_EQ(arrived.what(), text);
        const auto* of_task = dynamic_cast<const procpool::TaskFailure*>(&arrived);
        ASSERT_NE(of_task, nullptr);
        EXPECT_EQ(of_task->index(), 217U);
        EXPECT_EQ(of_task->worker_pid(), 4711);
        EXPECT_EQ(of_task->type_name(), type_name);
        EXPECT_TRUE(contains(of_task->message(), "item 217: worker 4711 threw " + type_name));
        EXPECT_TRUE(contains(of_task->message(), text));
    });
}

TEST(Failure, LogicErrorsArriveAsThemselves) {
    expect_arrives_as_itself(std::logic_error("a"), "std::logic_error");
    expect_arrives_as_itself(std::invalid_argument("b"), "std::invalid_argument");
    expect_arrives_as_itself(std::domain_error("c"), "std::domain_error");
    expect_arrives_as_itself(std::length_error("d"), "std::length_error");
    expect_arrives_as_itself(std::out_of_range("e"), "std::out_of_range");
}

TEST(Failure, RuntimeErrorsArriveAsThemselves) {
    expect_arrives_as_itself(std::runtime_error("a"), "std::runtime_error");
    expect_arrives_as_itself(std::range_error("b"), "std::range_error");
    expect_arrives_as_itself(std::overflow_error("c"), "std::overflow_error");
    expect_arrives_as_itself(std::underflow_error("d"), "std::underflow_error");
}

TEST(Failure, ErrorsOfTheLanguageArriveAsThemselves) {
    expect_arrives_as_itself(std::exception(), "std::exception");
    expect_arrives_as_itself(std::bad_alloc(), "std::bad_alloc");
    expect_arrives_as_itself(std::bad_array_new_length(), "std::bad_array_new_length");
    expect_arrives_as_itself(std::bad_cast(), "std::bad_cast");
    expect_arrives_as_itself(std::bad_typeid(), "std::bad_typeid");
    expect_arrives_as_itself(std::bad_exception(), "std::bad_exception");
}

TEST(Failure, ErrorsOfLibraryTypesArriveAsThemselves) {
    expect_arrives_as_itself(std::bad_any_cast(), "std::bad_any_cast");
    expect_arrives_as_itself(std::bad_function_call(), "std::bad_function_call");
    expect_arrives_as_itself(std::bad_weak_ptr(), "std::bad_weak_ptr");
    expect_arrives_as_itself(std::bad_optional_access(), "std::bad_optional_access");
    expect_arrives_as_itself(std::bad_variant_access(), "std::bad_variant_access");
}

// What newer standard libraries have, where they have it.

#if defined(__cpp_lib_format)
TEST(Failure, AFormatErrorArrivesAsItself) {
    expect_arrives_as_itself(std::format_error("no such format"), "std::format_error");
}
#endif

#if __cpp_lib_chrono >= 201907L
TEST(Failure, ErrorsOfTimeZonesArriveAsThemselves) {
    using namespace std::chrono;
    expect_arrives_as_itself(
        nonexistent_local_time(local_seconds{}, {local_info::nonexistent, {}, {}}),
        "std::chrono::nonexistent_local_time");
    expect_arrives_as_itself(ambiguous_local_time(local_seconds{}, {local_info::ambiguous, {}, {}}),
                             "std::chrono::ambiguous_local_time");
}
#endif

TEST(Failure, AFutureErrorKeepsItsCode) {
    const std::future_error thrown(std::future_errc::broken_promise);
    expect_arrives_as_itself(thrown, "std::future_error");
    expect_thrown_as<std::future_error>(shipped_exception(thrown), [&](const auto& arrived) {
        EXPECT_EQ(arrived.code(), std::future_errc::broken_promise);
    });
}

TEST(Failure, ARegexErrorKeepsItsCode) {
    const std::regex_error thrown(std::regex_constants::error_brack);
    expect_arrives_as_itself(thrown, "std::regex_error");
    expect_thrown_as<std::regex_error>(shipped_exception(thrown), [&](const auto& arrived) {
        EXPECT_EQ(arrived.code(), std::regex_constants::error_brack);
    });
}

TEST(Failure, ASystemErrorKeepsItsCode) {
    for (const auto* category : {&std::generic_category(), &std::system_category()}) {
        const std::system_error thrown(std::error_code(EACCES, *category), "cannot open x");
        expect_arrives_as_itself(thrown, "std::system_error");
        expect_thrown_as<std::system_error>(shipped_exception(thrown), [&](const auto& arrived) {
            EXPECT_EQ(arrived.code(), thrown.code());
            EXPECT_EQ(arrived.code(), std::errc::permission_denied);
        });
    }
}

TEST(Failure, ASystemErrorCaughtByValueKeepsItsText) {
    const std::system_error thrown(std::make_error_code(std::errc::timed_out), "connect");
    try {
        throw_failure(shipped_exception(thrown));
    } catch (const std::system_error& arrived) {
        const std::system_error sliced(
            arrived);  // NOLINT(cppcoreguidelines-slicing): what is tested
        EXPECT_STREQ(sliced.what(), thrown.what());
    }
}

class OwnCategory : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "app"; }
    [[nodiscard]] std::string message(int) const override { return "of the app"; }
};

TEST(Failure, ACodeOfAnUnknownCategoryIsNeverTakenForAnother) {
    static const OwnCategory own;
    const std::system_error thrown(std::error_code(EACCES, own), "x");
    expect_thrown_as<std::system_error>(shipped_exception(thrown), [&](const auto& arrived) {
        EXPECT_EQ(arrived.code().value(), EACCES);
        EXPECT_FALSE(arrived.code() == std::errc::permission_denied);
        EXPECT_STREQ(arrived.what(), "x: of the app");
    });
}

TEST(Failure, AnIosFailureArrivesAsItself) {
    const Failure failure = shipped([] {
        std::istringstream in;
        in.exceptions(std::ios_base::failbit);
        int number = 0;
        in >> number;
    });
    expect_thrown_as<std::ios_base::failure>(
        failure, [](const auto& arrived) { EXPECT_EQ(arrived.code(), std::io_errc::stream); });
    EXPECT_FALSE(contains(failure.type_name, "cxx11"));
}

TEST(Failure, AFilesystemErrorKeepsItsPathsAndCode) {
    const std::filesystem::filesystem_error thrown(
        "cannot copy", "/a", "/b", std::make_error_code(std::errc::no_such_file_or_directory));
    expect_arrives_as_itself(thrown, "std::filesystem::filesystem_error");
    expect_thrown_as<std::filesystem::filesystem_error>(
        shipped_exception(thrown), [&](const std::filesystem::filesystem_error& arrived) {
            EXPECT_EQ(arrived.path1(), "/a");
            EXPECT_EQ(arrived.path2(), "/b");
            EXPECT_EQ(arrived.code(), std::errc::no_such_file_or_directory);
        });
    try {
        throw_failure(shipped_exception(thrown));
    } catch (const std::filesystem::filesystem_error& arrived) {
        const std::filesystem::filesystem_error sliced(
            arrived);  // NOLINT(cppcoreguidelines-slicing)
        EXPECT_STREQ(sliced.what(), thrown.what());
    }
}

TEST(Failure, ErrorsOfAPoolInsideATaskArriveAsThemselves) {
    expect_arrives_as_itself(procpool::NotShippable("a"), "procpool::NotShippable");
    expect_arrives_as_itself(procpool::DecodeError("b"), "procpool::DecodeError");
    expect_arrives_as_itself(procpool::TimeoutError("c"), "procpool::TimeoutError");
    expect_arrives_as_itself(procpool::PoolClosed("d"), "procpool::PoolClosed");
    expect_arrives_as_itself(procpool::PoolTerminated("e"), "procpool::PoolTerminated");
    expect_arrives_as_itself(procpool::PoolBroken("f"), "procpool::PoolBroken");
    expect_arrives_as_itself(procpool::InitializerFailed("g"), "procpool::InitializerFailed");
}

struct AppError : std::out_of_range {
    using std::out_of_range::out_of_range;
};

TEST(Failure, ADerivedTypeArrivesAsItsNearestStandardBase) {
    const Failure failure = shipped_exception(AppError("row 7"));
    EXPECT_EQ(failure.standard, StandardType::out_of_range);
    EXPECT_TRUE(contains(failure.type_name, "AppError"));
    expect_thrown_as<std::out_of_range>(
        failure, [](const auto& arrived) { EXPECT_STREQ(arrived.what(), "row 7"); });
}

struct OtherBase : std::exception {};
struct TwiceAnException : std::runtime_error, OtherBase {
    TwiceAnException() : std::runtime_error("twice") {}
};

TEST(Failure, ATypeWithTwoExceptionBasesArrivesAsTheRuntimeErrorItIs) {
    const Failure failure = shipped_exception(TwiceAnException{});
    expect_thrown_as<std::runtime_error>(
        failure, [](const auto& arrived) { EXPECT_STREQ(arrived.what(), "twice"); });
}

TEST(Failure, AnIntArrivesAsRemoteError) {
    const Failure failure = shipped([] { throw 42; });
    expect_thrown_as<procpool::RemoteError>(failure, [](const procpool::RemoteError& arrived) {
        EXPECT_EQ(arrived.type_name(), "int");
        EXPECT_EQ(arrived.index(), 217U);
        EXPECT_EQ(arrived.message().rfind("item 217: worker 4711 threw int: 42", 0), 0U);
        EXPECT_EQ(arrived.message(), arrived.what());
    });
}

TEST(Failure, AThrownTextArrivesWithItsText) {
    const Failure of_string = shipped([] { throw std::string("no such row"); });
    EXPECT_EQ(of_string.type_name, "std::string");
    EXPECT_EQ(of_string.message, "no such row");
    const Failure of_literal = shipped([] { throw "no such column"; });
    EXPECT_EQ(of_literal.type_name, "char const*");
    EXPECT_EQ(of_literal.message, "no such column");
}

TEST(Failure, AClassWithoutABaseArrivesAsRemoteErrorWithItsName) {
    struct Plain {};
    const Failure failure = shipped([] { throw Plain{}; });
    EXPECT_EQ(failure.standard, StandardType::none);
    EXPECT_TRUE(contains(failure.type_name, "Plain"));
}

TEST(Failure, NestedExceptionsAreInTheMessage) {
    const Failure failure = shipped([] {
        try {
            try {
                throw std::out_of_range("column 9");
            } catch (...) {
                std::throw_with_nested(std::invalid_argument("row 3"));
            }
        } catch (...) {
            std::throw_with_nested(std::runtime_error("cannot parse"));
        }
    });
    EXPECT_EQ(failure.type_name, "std::runtime_error");
    EXPECT_EQ(failure.message,
              "cannot parse; caused by std::invalid_argument: row 3; caused by std::out_of_range: "
              "column 9");
    expect_thrown_as<std::runtime_error>(
        failure, [&](const auto& arrived) { EXPECT_EQ(arrived.what(), failure.message); });
}

TEST(Failure, ADeepNestIsCut) {
    const std::function<void(int)> nest = [&](int depth) {
        if (depth == 0) {
            throw std::runtime_error(std::string(1000, 'x'));
        }
        try {
            nest(depth - 1);
        } catch (...) {
            std::throw_with_nested(std::runtime_error(std::string(1000, 'x')));
        }
    };
    const Failure failure = shipped([&] { nest(200); });
    EXPECT_LE(failure.message.size(), procpool::detail::max_failure_message);
}

TEST(Failure, ALongMessageIsCut) {
    const Failure failure = shipped([] { throw std::runtime_error(std::string(1'000'000, 'x')); });
    EXPECT_EQ(failure.message.size(), procpool::detail::max_failure_message);
    EXPECT_TRUE(failure.message.ends_with("[cut]"));
}

TEST(Failure, AnErrorOfANestedPoolKeepsTheNameOfWhatWasThrown) {
    const Failure inner = shipped_exception(AppError("row 7"));
    const Failure outer = shipped([&] { throw_failure(inner); });
    EXPECT_EQ(outer.type_name, inner.type_name);
    EXPECT_EQ(outer.standard, StandardType::out_of_range);
    EXPECT_EQ(outer.message, "row 7");
}

TEST(Failure, ADeathInANestedPoolIsARuntimeErrorOfTheOuterTask) {
    Failure death{.kind = Failure::Kind::died, .index = 3, .worker_pid = 99, .signal = SIGSEGV};
    const Failure outer = shipped([&] { throw_failure(death); });
    EXPECT_EQ(outer.type_name, "procpool::WorkerDied");
    EXPECT_EQ(outer.standard, StandardType::runtime_error);
    EXPECT_TRUE(contains(outer.message, "SIGSEGV"));
}

TEST(Failure, TheUnwindingOfAThreadIsPassedOn) {
    struct Seen {
        bool swallowed = false;
        bool unwound = false;
    } seen;
    std::thread thread([&] {
        struct Note {
            bool& noted;
            ~Note() { noted = true; }
        } note{seen.unwound};
        try {
            ::pthread_exit(nullptr);
        } catch (...) {
            static_cast<void>(encode_current_exception(0, 1));
            seen.swallowed = true;
            throw;
        }
    });
    thread.join();
    EXPECT_TRUE(seen.unwound);
    EXPECT_FALSE(seen.swallowed);
}

TEST(Failure, EveryKindIsThrownAsItsType) {
    Failure failure{.index = 5, .worker_pid = 7};
    failure.kind = Failure::Kind::died;
    EXPECT_THROW(throw_failure(failure), procpool::WorkerDied);
    failure.kind = Failure::Kind::timed_out;
    EXPECT_THROW(throw_failure(failure), procpool::TaskTimeout);
    failure.kind = Failure::Kind::cancelled;
    EXPECT_THROW(throw_failure(failure), procpool::TaskCancelled);
    failure.kind = Failure::Kind::terminated;
    EXPECT_THROW(throw_failure(failure), procpool::PoolTerminated);
    failure.kind = Failure::Kind::broken;
    EXPECT_THROW(throw_failure(failure), procpool::PoolBroken);
    failure.kind = Failure::Kind::thrown;
    EXPECT_THROW(throw_failure(failure), procpool::RemoteError);
}

TEST(Failure, ABrokenPoolIsDescribedByWhatBrokeIt) {
    const Failure failure{
        .kind = Failure::Kind::broken, .index = 2, .message = "its fork server died"};
    EXPECT_EQ(describe(failure),
              "item 2 was not done when the pool broke: its fork server died; make a new pool");
}

TEST(Failure, ADeathIsDescribedByItemWorkerSignalAndCure) {
    const Failure failure{
        .kind = Failure::Kind::died, .index = 217, .worker_pid = 4711, .signal = SIGSEGV};
    EXPECT_EQ(describe(failure),
              "item 217: worker 4711 died of SIGSEGV (segmentation fault); call the function on "
              "that item alone, under a debugger");
}

TEST(Failure, ADeathWithATraceIsDescribedByItsInnermostFrame) {
    const Failure failure{.kind = Failure::Kind::died,
                          .index = 217,
                          .worker_pid = 4711,
                          .signal = SIGSEGV,
                          .trace = "parse_header (parse.cpp:41)\nmain (main.cpp:3)"};
    EXPECT_TRUE(
        contains(describe(failure), "(segmentation fault) in parse_header (parse.cpp:41);"));
}

TEST(Failure, AnUnknownSignalIsDescribedByItsNumber) {
    const Failure failure{.kind = Failure::Kind::died, .signal = 63};
    EXPECT_TRUE(contains(describe(failure), "died of signal 63"));
}

TEST(Failure, OfTheLastOfSeveralTriesIsDescribedAsThatAndAdvisesNoMoreTries) {
    Failure failure{.kind = Failure::Kind::died, .index = 1, .worker_pid = 9, .signal = SIGKILL};
    EXPECT_TRUE(contains(describe(failure), "set retries"));
    failure.tries = 3;
    EXPECT_TRUE(contains(describe(failure), ", in the last of 3 tries; see dmesg"));
    EXPECT_FALSE(contains(describe(failure), "retries"));
    failure.kind = Failure::Kind::timed_out;
    EXPECT_TRUE(contains(describe(failure), "in the last of 3 tries; raise the timeout"));
}

TEST(Failure, AnExitIsDescribedByItsStatus) {
    const Failure failure{
        .kind = Failure::Kind::died, .index = 2, .worker_pid = 8, .exit_status = 3};
    EXPECT_TRUE(contains(describe(failure), "item 2: worker 8 exited with status 3"));
}

TEST(Failure, ATimeoutIsDescribedByItsBound) {
    Failure failure{
        .kind = Failure::Kind::timed_out, .index = 5, .worker_pid = 9, .timeout = 1500ms};
    EXPECT_TRUE(contains(describe(failure), "exceeded the timeout of 1.5 s"));
    failure.timeout = 250ms;
    EXPECT_TRUE(contains(describe(failure), "exceeded the timeout of 250 ms"));
    failure.timeout = 7us;
    EXPECT_TRUE(contains(describe(failure), "exceeded the timeout of 7 us"));
}

Failure full_failure() {
    return {.kind = Failure::Kind::thrown,
            .standard = StandardType::filesystem_error,
            .index = ~std::uint64_t{0},
            .worker_pid = 4711,
            .signal = -1,
            .exit_status = 255,
            .timeout = -1ns,
            .tries = 1001,
            .type_name = "T",
            .message = "the message",
            .trace = "a\nb",
            .code = -7,
            .category = "generic",
            .path1 = "/one",
            .path2 = std::string("with\0nul", 8)};
}

TEST(Failure, EveryFieldSurvivesTheTrip) {
    EXPECT_EQ(decode_failure(encode_failure(full_failure())), full_failure());
    EXPECT_EQ(decode_failure(encode_failure(Failure{})), Failure{});
}

TEST(Failure, TextsBeyondTheirBoundsAreCut) {
    Failure failure = full_failure();
    failure.type_name.assign(1'000'000, 't');
    failure.trace.assign(1'000'000, 't');
    failure.category.assign(1'000'000, 't');
    const auto bytes = encode_failure(failure);
    EXPECT_LT(bytes.size(), 128U * 1024);
    EXPECT_TRUE(decode_failure(bytes).type_name.ends_with("[cut]"));
}

TEST(Failure, NoBytesAreBadAlloc) {
    EXPECT_THROW(throw_failure(decode_failure({})), std::bad_alloc);
}

/// Whatever arrived, it can be described and thrown.
void expect_usable(const Failure& failure) {
    EXPECT_FALSE(describe(failure).empty());
    EXPECT_ANY_THROW(throw_failure(failure));
}

TEST(Failure, EveryTruncationIsADecodeError) {
    const auto bytes = encode_failure(full_failure());
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        const std::vector<std::byte> exact(bytes.begin(),
                                           bytes.begin() + static_cast<std::ptrdiff_t>(size));
        const Failure failure = decode_failure(exact);
        EXPECT_EQ(failure.standard, StandardType::decode_error) << size << " bytes";
        expect_usable(failure);
    }
}

TEST(Failure, BytesTooManyAreADecodeError) {
    auto bytes = encode_failure(full_failure());
    bytes.emplace_back();
    EXPECT_THROW(throw_failure(decode_failure(bytes)), procpool::DecodeError);
}

TEST(Failure, AnyChangedByteIsSurvived) {
    const auto bytes = encode_failure(full_failure());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
            auto changed = bytes;
            changed[at] = static_cast<std::byte>(value);
            expect_usable(decode_failure(changed));
        }
    }
}

TEST(Failure, RandomBytesAreSurvived) {
    std::mt19937 random(1);
    const auto genuine = encode_failure(full_failure());
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> bytes(random() % 256);
        for (auto& byte : bytes) {
            byte = static_cast<std::byte>(random());
        }
        if (round % 2 == 0 && bytes.size() >= 4) {
            std::memcpy(bytes.data(), genuine.data(), 4);
        }
        expect_usable(decode_failure(bytes));
    }
}

TEST(Failure, RandomlyDamagedBytesAreSurvived) {
    std::mt19937 random(2);
    const auto genuine = encode_failure(full_failure());
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = genuine;
        for (auto damage = 1 + random() % 8; damage > 0; --damage) {
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        }
        expect_usable(decode_failure(bytes));
    }
}

TEST(Failure, NamesAreAsWrittenInCpp) {
    EXPECT_EQ(procpool::detail::readable_name(typeid(std::string)), "std::string");
    EXPECT_EQ(procpool::detail::readable_name(typeid(int)), "int");
}

}  // namespace
