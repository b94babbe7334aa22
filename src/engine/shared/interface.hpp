#pragma once

#include <procpool/detail/engine.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The headers and the engine exchange jobs, blocks and failures, all as bytes. Their types are in
/// `detail`.
namespace engine {

using namespace detail;

}  // namespace engine
PROCPOOL_END_NAMESPACE
