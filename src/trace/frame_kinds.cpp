#include "trace/frame_kinds.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> prefixes) {
    return std::ranges::any_of(prefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

bool is_any(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
}

bool is_throwing(std::string_view name) {
    return starts_with_any(
               name,
               {"_Unwind_", "__cxa_", "__gxx_personality", "__clang_call_terminate",
                "__cxxabiv1::", "__gnu_cxx::__verbose_terminate", "__pthread_kill", "__assert_fail",
                "std::__throw_", "std::rethrow_exception", "std::throw_with_nested",
                "std::terminate", "procpool::os::", "procpool::trace::"}) ||
           is_any(name, {"abort", "raise", "gsignal", "pthread_kill", "__libc_message",
                         "malloc_printerr", "__fortify_fail", "__stack_chk_fail", "__chk_fail"}) ||
           name == PROCPOOL_SYMBOL(note_throw);  // trace/throw_watch.cpp
}

/// Whether a name that the demangler does not know, for its constraints or its lambdas, is in this
/// scope.
bool is_mangled_in(std::string_view name, std::string_view scope) {
    if (!name.starts_with("_Z")) {
        return false;
    }
    name.remove_prefix(std::min(name.find_first_not_of("ZNKVRO", 2), name.size()));
    return name.starts_with(scope);
}

bool is_machinery(std::string_view name) {
    return starts_with_any(name, {"procpool::detail::", "procpool::engine::", "std::invoke",
                                  "std::__invoke", "std::apply", "std::__apply"}) ||
           is_mangled_in(name, "8procpool") || is_mangled_in(name, "St6invoke") ||
           is_mangled_in(name, "St8__invoke") || is_mangled_in(name, "St5apply");
}

bool is_runtime(std::string_view name, std::string_view file) {
    return starts_with_any(name, {"std::", "__gnu_cxx::"}) ||
           starts_with_any(file, {"libc.so", "libstdc++.so", "libc++", "libgcc_s.so", "libm.so",
                                  "libpthread.so", "linux-vdso.so", "ld-linux", "libasan.so",
                                  "libubsan.so", "libtsan.so"});
}

}  // namespace

FrameKind kind_of(std::string_view function, std::string_view file) {
    if (is_throwing(function)) {
        return FrameKind::throwing;
    }
    if (is_machinery(function)) {
        return FrameKind::machinery;
    }
    return is_runtime(function, file) ? FrameKind::of_runtime : FrameKind::of_program;
}

void keep_frames_of_task(std::vector<Frame>& frames) {
    const auto of_program = std::ranges::find(frames, FrameKind::of_program, &Frame::kind);
    // The innermost functions are those that throw. The trace begins with the one that called them:
    // a function of the program, or one of the runtime, std::vector::at for example. Frames without
    // a name in between are left out, too.
    const auto last_throwing =
        std::find_if(std::reverse_iterator(of_program), frames.rend(),
                     [](const Frame& frame) { return frame.kind == FrameKind::throwing; });
    auto begin = last_throwing.base();
    while (begin != frames.begin() && begin != of_program && begin->function.empty()) {
        ++begin;
    }
    // The outermost functions are the machinery: the trace ends before them.
    auto end = frames.end();
    while (end != begin && (end - 1)->kind == FrameKind::machinery) {
        --end;
    }
    if (end == begin && end != frames.end()) {
        ++end;
    }
    frames.erase(end, frames.end());
    frames.erase(frames.begin(), begin);
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
