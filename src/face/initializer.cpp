#include <procpool/initializer.hpp>

PROCPOOL_BEGIN_NAMESPACE

Initializer::Initializer() = default;
Initializer::Initializer(const Initializer&) = default;
Initializer::Initializer(Initializer&&) noexcept = default;
Initializer& Initializer::operator=(const Initializer&) = default;
Initializer& Initializer::operator=(Initializer&&) noexcept = default;
Initializer::~Initializer() = default;

std::byte* Initializer::reserve(std::size_t size) {
    closure_.resize(size);
    return closure_.data();
}

PROCPOOL_END_NAMESPACE
