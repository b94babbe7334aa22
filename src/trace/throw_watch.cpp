#include "trace/throw_watch.hpp"

#include <unwind.h>

// Before anything is unwound, a throw looks for its handler: it calls the personality routine of
// every frame in between. The frame of `call` below has a personality routine of its own. It
// handles nothing; it captures the stack as it is at that moment. Unlike a replacement of
// __cxa_throw it does not see the throws of others, and needs no symbol of another library.

// There is no watch where unwinding does not use DWARF tables, or where a sanitizer gives the frame
// a personality of its own.
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

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

Backtrace* watched = nullptr;

}  // namespace

#if PROCPOOL_WATCHES_THROWS

extern "C" _Unwind_Reason_Code note_throw(int, _Unwind_Action, _Unwind_Exception_Class,
                                          _Unwind_Exception*,
                                          _Unwind_Context*) asm(PROCPOOL_SYMBOL(note_throw));
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code note_throw(
    int version, _Unwind_Action actions, _Unwind_Exception_Class /*unused*/,
    _Unwind_Exception* /*unused*/, _Unwind_Context* /*unused*/) {
    if (version == 1 && (actions & _UA_SEARCH_PHASE) != 0 && watched != nullptr) {
        capture_callers(*watched, 0);
    }
    return _URC_CONTINUE_UNWIND;
}

#endif

namespace {

[[gnu::hot, gnu::noinline]] void call(void (*function)(void*), void* argument) {
#if PROCPOOL_WATCHES_THROWS
    // 0x1b: its address is written relative to the place where it stands, in four bytes.
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
