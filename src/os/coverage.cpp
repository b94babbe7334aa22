#include <array>
#include <atomic>

#include <procpool/detail/coverage.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {
namespace {

/// Modules beyond these are not written.
constinit std::array<std::atomic<const Coverage*>, 64> modules{};

/// Puts `is` in the place of the first `was`.
void replace_first(const Coverage* was, const Coverage* is) noexcept {
    for (auto& module : modules) {
        const Coverage* expected = was;
        if (module.compare_exchange_strong(expected, is)) {
            return;
        }
    }
}

}  // namespace

Coverage::Coverage(void (*write)(), void (*forget)()) noexcept : write_(write), forget_(forget) {
    if (write_ != nullptr) {
        replace_first(nullptr, this);
    }
}

Coverage::~Coverage() {
    if (write_ != nullptr) {
        replace_first(this, nullptr);
    }
}

void Coverage::write_all() noexcept {
    for (const auto& module : modules) {
        if (const Coverage* const coverage = module.load()) {
            coverage->write_();
        }
    }
}

void Coverage::forget_all() noexcept {
    for (const auto& module : modules) {
        const Coverage* const coverage = module.load();
        if (coverage != nullptr && coverage->forget_ != nullptr) {
            coverage->forget_();
        }
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
