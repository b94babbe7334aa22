#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include <procpool/detail/closure.hpp>
#include <procpool/detail/invoke.hpp>

namespace procpool {

/// What every worker of a pool runs once, before its first item: a callable without arguments that
/// can travel (as those of Pool::map).
///
///     mp::Pool pool{{.initializer = mp::bind_back(load_model, path)}};
///
/// Replacements run it too. If it throws, or its worker dies in it, the pool is broken: calls throw
/// InitializerFailed with the cause.
class Initializer {
public:
    Initializer() = default;

    /// Throws NotShippable when the callable holds an address that means nothing in a worker.
    template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Initializer>) Initializer(const F& f) {
        using Callable = std::decay_t<F>;
        detail::require_closure<Callable>();
        static_assert(std::is_invocable_v<const Callable&>,
                      "procpool: an initializer is called without arguments, as const: bind those "
                      "it needs with bind_back");
        const Callable& callable = f;
        detail::check_bytes(callable);
        closure_.resize(detail::closure_size(callable));
        detail::write_closure(closure_.data(), callable);
        code_.collect(callable);
        run_ = [](std::span<const std::byte> bytes) {
            detail::Reader from{bytes};
            const auto decoded = std::make_unique<Callable>(detail::read_closure<Callable>(from));
            static_cast<void>(detail::call(std::as_const(*decoded)));
        };
    }

    explicit operator bool() const { return run_ != nullptr; }

    // For the engine: run()(closure()) in a worker.
    [[nodiscard]] auto run() const { return run_; }
    [[nodiscard]] std::span<const std::byte> closure() const { return closure_; }
    [[nodiscard]] detail::CodeWords code() const { return {code_.all, code_.fixed}; }

private:
    void (*run_)(std::span<const std::byte> closure) = nullptr;
    std::vector<std::byte> closure_;
    detail::CollectedCode code_;
};

}  // namespace procpool
