#pragma once

#include <procpool/detail/engine.hpp>
#include <procpool/detail/failure.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// What the headers and the engine say to each other lies in `detail`: jobs, blocks and failures,
/// all of them bytes.
namespace engine {

using namespace detail;

}  // namespace engine
PROCPOOL_END_NAMESPACE
