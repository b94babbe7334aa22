#include "trace/throw_watch.hpp"

#include <unwind.h>

/// An exception looks for its handler before anything is unwound: it asks every frame between the
/// throw and the handler by calling the frame's personality routine. The frame below has one of its
/// own, which handles nothing and looks at the stack as it stands at that moment. Unlike a
/// replacement for __cxa_throw it is no business of anybody else's throws, and needs no symbol of
/// another library.

// Where unwinding does not go by DWARF tables, or a sanitizer gives the frame work (and a
// personality) of its own, there is no watch.
#if defined(__ARM_EABI_UNWINDER__) || defined(__SANITIZE_THREAD__)
#define PROCPOOL_WATCHES_THROWS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PROCPOOL_WATCHES_THROWS 0
#else
#define PROCPOOL_WATCHES_THROWS 1
#endif
#else
#define PROCPOOL_WATCHES_THROWS 1
#endif

namespace {

procpool::trace::Backtrace* watched = nullptr;

}  // namespace

#if PROCPOOL_WATCHES_THROWS

extern "C" _Unwind_Reason_Code note_throw(int, _Unwind_Action, _Unwind_Exception_Class,
                                          _Unwind_Exception*,
                                          _Unwind_Context*) asm(PROCPOOL_SYMBOL(note_throw));
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code note_throw(
    int version, _Unwind_Action actions, _Unwind_Exception_Class /*unused*/,
    _Unwind_Exception* /*unused*/, _Unwind_Context* /*unused*/) {
    if (version == 1 && (actions & _UA_SEARCH_PHASE) != 0 && watched != nullptr) {
        procpool::trace::capture_callers(*watched, 0);
    }
    return _URC_CONTINUE_UNWIND;
}

#endif

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

[[gnu::hot, gnu::noinline]] void call(void (*function)(void*), void* argument) {
#if PROCPOOL_WATCHES_THROWS
    // 0x1b: relative to the place where it is written, in four bytes.
    asm volatile(".cfi_personality 0x1b, " PROCPOOL_SYMBOL(note_throw));
#endif
    function(argument);
    asm volatile("");  // the frame stays while the function runs
}

}  // namespace

void call_watching_throws(void (*function)(void*), void* argument, Backtrace& thrown_at) {
    watched = &thrown_at;
    outermost_function.store(reinterpret_cast<std::uintptr_t>(&call), std::memory_order_relaxed);
    call(function, argument);
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
