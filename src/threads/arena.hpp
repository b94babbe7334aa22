#pragma once

#include <memory>

#include <procpool/detail/executor.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace threads {

/// So many threads of oneTBB's, beside those that the program and other pools use.
[[nodiscard]] std::unique_ptr<detail::Executor> make_arena(int threads);

}  // namespace threads
PROCPOOL_END_NAMESPACE
