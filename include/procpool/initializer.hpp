#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/closure.hpp>
#include <procpool/detail/invoke.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

namespace detail {

/// In a worker. No lambda of Initializer: traces leave out what lies in `detail`.
template <class F>
void run_initializer(std::span<const std::byte> closure) {
    Reader from{closure};
    const auto decoded = std::make_unique<F>(read_closure<F>(from));
    static_cast<void>(detail::call(std::as_const(*decoded)));
}

}  // namespace detail

/// What every worker of a pool runs once, before its first item: a callable without arguments that
/// can travel (as those of Pool::map).
///
///     mp::Pool pool{{.initializer = mp::bind_back(load_model, path)}};
///
/// Replacements run it too. If it throws, or its worker dies in it, the pool is broken: calls throw
/// InitializerFailed with the cause and where it was.
class Initializer {
public:
    Initializer();
    Initializer(const Initializer&);
    Initializer(Initializer&&) noexcept;
    Initializer& operator=(const Initializer&);
    Initializer& operator=(Initializer&&) noexcept;
    ~Initializer();

    /// Throws NotShippable when the callable holds an address that means nothing in a worker.
    template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Initializer>)
    Initializer(const F& f) : Initializer() {
        using Callable = std::decay_t<F>;
        constexpr bool can_be_called = std::is_invocable_v<const Callable&>;
        if constexpr (!detail::Shippable<Callable>) {
            detail::require_closure<Callable>();
        } else if constexpr (!can_be_called) {
            static_assert(can_be_called,
                          "procpool: an initializer is called without arguments, as const: bind "
                          "those it needs with bind_back");
        } else {
            const Callable& callable = f;
            detail::check_bytes(callable);
            detail::write_closure(callable, [this](std::size_t size) { return reserve(size); });
            code_.collect(callable);
            run_ = &detail::run_initializer<Callable>;
        }
    }

    explicit operator bool() const { return run_ != nullptr; }

    // For the engine: run()(closure()) in a worker.
    [[nodiscard]] auto run() const { return run_; }
    [[nodiscard]] std::span<const std::byte> closure() const { return closure_; }
    [[nodiscard]] detail::CodeWords code() const { return {code_.all, code_.fixed}; }

private:
    std::byte* reserve(std::size_t size);

    void (*run_)(std::span<const std::byte> closure) = nullptr;
    std::vector<std::byte> closure_;
    detail::CollectedCode code_;
};

PROCPOOL_END_NAMESPACE
