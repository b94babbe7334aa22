// Which frames of a stack are shown, and by which names.

#include "trace/frame_kinds.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/lists.hpp"
#include "trace/function_name.hpp"

namespace {

using procpool::trace::Frame;
using procpool::trace::FrameKind;
using procpool::trace::function_name;
using procpool::trace::keep_frames_of_task;
using procpool::trace::kind_of;
using support::listed;

TEST(FunctionName, HasNoParametersAndNoReturnType) {
    EXPECT_EQ(function_name("_ZN3app5parseIiEEiRKi"), "app::parse<int>");
    EXPECT_EQ(function_name("_ZN12_GLOBAL__N_15parseEv"), "(anonymous namespace)::parse");
    EXPECT_EQ(function_name("_ZN3app6ParserclEi"), "app::Parser::operator()");
}

TEST(FunctionName, OfASymbolThatIsNotMangledIsTheSymbol) {
    EXPECT_EQ(function_name("main"), "main");
    EXPECT_EQ(function_name("_Znonsense"), "_Znonsense");
}

TEST(FrameKind, IsToldByTheNamesOfFunctionAndFile) {
    EXPECT_EQ(kind_of("app::parse", "program"), FrameKind::of_program);
    EXPECT_EQ(kind_of("", "program"), FrameKind::of_program);
    EXPECT_EQ(kind_of("std::vector<int>::at", "program"), FrameKind::of_runtime);
    EXPECT_EQ(kind_of("memcpy", "libc.so.6"), FrameKind::of_runtime);
    EXPECT_EQ(kind_of("std::__throw_out_of_range_fmt", "libstdc++.so.6"), FrameKind::throwing);
    EXPECT_EQ(kind_of("abort", "libc.so.6"), FrameKind::throwing);
    EXPECT_EQ(kind_of("__clang_call_terminate", "program"), FrameKind::throwing);
    EXPECT_EQ(kind_of("procpool::detail::run<app::parse>", "program"), FrameKind::machinery);
    EXPECT_EQ(kind_of("_ZN8procpool4v0_16detail3runE", "program"), FrameKind::machinery);
}

std::vector<std::string> kept(const std::vector<std::string>& functions) {
    std::vector<Frame> frames;
    for (const std::string& function : functions) {
        frames.push_back({function, function, kind_of(function, "program")});
    }
    keep_frames_of_task(frames);
    std::vector<std::string> names;
    for (const Frame& frame : frames) {
        names.push_back(frame.function);
    }
    return names;
}

TEST(FramesOfATask, BeginBehindWhatThrowsAndEndBeforeTheMachinery) {
    EXPECT_EQ(kept({"_Unwind_RaiseException", "__cxa_throw", "parse", "load", "std::__invoke_impl",
                    "procpool::detail::run", "procpool::engine::Loop::run"}),
              listed("parse", "load"));
}

TEST(FramesOfATask, KeepTheFunctionOfTheLibraryThatFailed) {
    EXPECT_EQ(kept({"__cxa_throw", "std::__throw_out_of_range_fmt", "std::vector<int>::at", "parse",
                    "procpool::detail::run"}),
              listed("std::vector<int>::at", "parse"));
}

TEST(FramesOfATask, KeepWhatThrowsInTheMiddle) {
    EXPECT_EQ(kept({"abort", "handler", "std::terminate", "parse", "procpool::detail::run"}),
              listed("handler", "std::terminate", "parse"));
}

TEST(FramesOfATask, ThatIsInlinedIntoTheMachineryAreTheInnermostOfIt) {
    EXPECT_EQ(kept({"__cxa_throw", "procpool::detail::run<task>", "procpool::engine::f"}),
              listed("procpool::detail::run<task>"));
}

}  // namespace
