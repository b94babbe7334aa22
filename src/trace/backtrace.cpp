#include "trace/backtrace.hpp"

#include <algorithm>
#include <cstring>

#include <ucontext.h>
#include <unwind.h>

#include "os/loaded_objects.hpp"
#include "os/mapping.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

/// The module that an address lies in, as an index into those of `to`, where it is added if it is
/// new; no_module if it is not known or there is no room.
std::uint8_t module_of(Backtrace& to, std::uint64_t address) noexcept {
    const auto object = os::object_at(address);
    if (!object) {
        return Backtrace::no_module;
    }
    const std::uint32_t known = to.modules_count.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < known; ++i) {
        if (to.modules[i].base == object->base) {
            return static_cast<std::uint8_t>(i);
        }
    }
    if (known == Backtrace::most_modules) {
        return Backtrace::no_module;
    }
    CodeModule& module = to.modules[known];
    module.base = object->base;
    const char* const path = object->path;
    std::size_t length = 0;
    while (length < CodeModule::longest_path && path[length] != '\0') {
        module.path[length] = path[length];
        ++length;
    }
    module.path[length] = '\0';
    if (path[length] != '\0') {
        return Backtrace::no_module;  // a path cut short would name another file
    }
    to.modules_count.store(known + 1, std::memory_order_release);
    return static_cast<std::uint8_t>(known);
}

void add_frame(Backtrace& to, std::uint64_t address) noexcept {
    const std::uint32_t count = to.count.load(std::memory_order_relaxed);
    if (count == Backtrace::most_frames) {
        return;
    }
    to.addresses[count] = address;
    to.module_of[count] = Backtrace::no_module;
    // Counted first: the address stays in the report even if looking for its module faults.
    to.count.store(count + 1, std::memory_order_release);
    to.module_of[count] = module_of(to, address);
}

struct Walk {
    Backtrace& to;
    std::uint64_t start = 0;  // leave out all frames up to the one at this address; 0: none
    int skip = 0;             // leave out so many frames
    int steps = 0;
    std::uintptr_t outermost = outermost_function.load(std::memory_order_relaxed);
};

constexpr int most_steps = 2 * Backtrace::most_frames;

_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
    Walk& walk = *static_cast<Walk*>(argument);
    int exact = 0;  // the address is of an interrupted instruction, not one to return to
    const std::uint64_t address = _Unwind_GetIPInfo(context, &exact);
    if (++walk.steps > most_steps || address == 0 ||
        _Unwind_GetRegionStart(context) == walk.outermost) {
        return _URC_END_OF_STACK;
    }
    if (walk.start != 0) {
        if (exact != 0 && address == walk.start) {
            walk.start = 0;  // its frame is noted already
        }
        return _URC_NO_REASON;
    }
    if (walk.skip > 0) {
        --walk.skip;
        return _URC_NO_REASON;
    }
    add_frame(walk.to, exact != 0 ? address : address - 1);
    return walk.to.count.load(std::memory_order_relaxed) == Backtrace::most_frames
               ? _URC_END_OF_STACK
               : _URC_NO_REASON;
}

#if defined(__x86_64__)
std::uint64_t get(void* context, int which) {
    return static_cast<std::uint64_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[which]);
}
void set(void* context, int which, std::uint64_t value) {
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[which] = static_cast<greg_t>(value);
}
#endif

}  // namespace

bool InterruptedStack::is_full(std::uint64_t faulted_at, std::uint64_t base,
                               std::uint64_t limit) const noexcept {
    // A call writes just below the stack pointer, and a leaf function into its red zone.
    constexpr std::uint64_t below_pointer = os::page_size;
    // The pointer is moved by a whole frame before anything in the frame is touched.
    constexpr std::uint64_t largest_frame = 64 * 1048576;
    // The environment counts as stack. The kernel allows it a quarter.
    const std::uint64_t above_base = limit / 4;
    return stack_ != 0 && faulted_at + below_pointer >= stack_ && faulted_at < base &&
           base - faulted_at + above_base >= limit && base - faulted_at < limit + largest_frame;
}

[[gnu::noinline]] void capture_callers(Backtrace& to, int skipped) noexcept {
    to.clear();
    Walk walk{.to = to, .skip = skipped + 2};
    _Unwind_Backtrace(visit, &walk);
}

#if defined(__x86_64__)

InterruptedStack::InterruptedStack(void* context) noexcept
    : context_(context), address_(get(context, REG_RIP)), stack_(get(context, REG_RSP)) {}

void InterruptedStack::capture_place(Backtrace& to) noexcept { add_frame(to, address_); }

void InterruptedStack::capture_callers(Backtrace& to) noexcept {
    Walk walk{.to = to, .start = address_};
    if (to.module_of[0] == Backtrace::no_module && address_ < 4096) {
        // A call of a null function pointer. The caller's address is on top of the stack: the walk
        // begins as if the call had just returned.
        std::uint64_t caller = 0;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds it
        std::memcpy(&caller, reinterpret_cast<const void*>(stack_), sizeof caller);
        add_frame(to, caller - 1);
        set(context_, REG_RIP, caller);
        set(context_, REG_RSP, stack_ + sizeof caller);
        walk.start = caller;
    }
    _Unwind_Backtrace(visit, &walk);
}

void InterruptedStack::restore() noexcept {
    set(context_, REG_RIP, address_);
    set(context_, REG_RSP, stack_);
}

#elif defined(__aarch64__)

InterruptedStack::InterruptedStack(void* context) noexcept
    : context_(context),
      address_(static_cast<ucontext_t*>(context)->uc_mcontext.pc),
      stack_(static_cast<ucontext_t*>(context)->uc_mcontext.sp) {}

void InterruptedStack::capture_place(Backtrace& to) noexcept { add_frame(to, address_); }

void InterruptedStack::capture_callers(Backtrace& to) noexcept {
    auto& registers = static_cast<ucontext_t*>(context_)->uc_mcontext;
    Walk walk{.to = to, .start = address_};
    if (to.module_of[0] == Backtrace::no_module && address_ < 4096) {
        // A call of a null function pointer. The caller's address is in the link register.
        add_frame(to, registers.regs[30] - 1);
        registers.pc = registers.regs[30];
        walk.start = registers.pc;
    }
    _Unwind_Backtrace(visit, &walk);
}

void InterruptedStack::restore() noexcept {
    static_cast<ucontext_t*>(context_)->uc_mcontext.pc = address_;
}

#else

InterruptedStack::InterruptedStack(void* context) noexcept : context_(context) {}

void InterruptedStack::capture_place(Backtrace& /*to*/) noexcept {}

/// Where the context is not known the handler's own frames come first.
void InterruptedStack::capture_callers(Backtrace& to) noexcept {
    Walk walk{.to = to};
    _Unwind_Backtrace(visit, &walk);
}

void InterruptedStack::restore() noexcept {}

#endif

}  // namespace trace
PROCPOOL_END_NAMESPACE
