#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {

/// A loaded file with code.
struct CodeModule {
    static constexpr std::size_t longest_path = 247;

    std::uint64_t base = 0;                     ///< what the linker added to its addresses
    std::array<char, longest_path + 1> path{};  ///< as the linker knows it; empty: the program
};

/// Who called whom: addresses within the calling instructions, the innermost first. Plain memory of
/// a fixed size, so that a signal handler can write it into shared memory. A reader in another
/// process must trust none of it.
struct Backtrace {
    static constexpr std::size_t most_frames = 64;
    static constexpr std::size_t most_modules = 10;
    static constexpr std::uint8_t no_module = 255;

    std::atomic<std::uint32_t> count{0};
    std::atomic<std::uint32_t> modules_count{0};
    std::array<std::uint64_t, most_frames> addresses{};
    std::array<std::uint8_t, most_frames> module_of{};  ///< an index, or no_module
    std::array<CodeModule, most_modules> modules{};

    void clear() {
        count.store(0, std::memory_order_relaxed);
        modules_count.store(0, std::memory_order_relaxed);
    }
};

/// The address of the function at whose frame stacks end: what is below it is of no interest. 0:
/// none.
inline std::atomic<std::uintptr_t> outermost_function{0};

/// The stack of the caller, without its own frame and the innermost `skipped` above it. Allocates
/// nothing.
void capture_callers(Backtrace& to, int skipped) noexcept;

/// The stack that a signal interrupted, from the context that its handler was given. Only in that
/// handler. Allocates nothing, and takes no lock with glibc 2.35 or later. On a stack that makes no
/// sense it may fault or never return; what it has found until then is in `to` at any moment. It
/// may change the context; `restore` puts that back.
class InterruptedStack {
public:
    explicit InterruptedStack(void* context) noexcept;
    /// The interrupted instruction alone. Needs hardly any stack.
    void capture_place(Backtrace& to) noexcept;
    /// What called it, after `capture_place`.
    void capture_callers(Backtrace& to) noexcept;
    /// Whether a fault at this address means that the stack is full. That stack begins at `base`
    /// and may grow to `limit` bytes.
    [[nodiscard]] bool is_full(std::uint64_t faulted_at, std::uint64_t base,
                               std::uint64_t limit) const noexcept;
    void restore() noexcept;

private:
    void* context_;
    std::uint64_t address_ = 0;  ///< of the interrupted instruction; 0 where it is not known
    std::uint64_t stack_ = 0;    ///< its pointer; 0 where it is not known
};

}  // namespace trace
PROCPOOL_END_NAMESPACE
