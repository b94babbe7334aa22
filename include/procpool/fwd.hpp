#pragma once

#include <procpool/detail/namespace.hpp>

/// The names of the classes without what they are, for headers that only refer to them.
PROCPOOL_BEGIN_NAMESPACE

class Pool;
template <class R>
class AsyncResult;
template <class R>
class Outcome;

PROCPOOL_END_NAMESPACE
