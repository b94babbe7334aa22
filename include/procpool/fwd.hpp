#pragma once

/// The names of the classes without what they are, for headers that only refer to them.
namespace procpool::inline v0_1 {

class Pool;
template <class R>
class AsyncResult;
template <class R>
class Outcome;

}  // namespace procpool::inline v0_1
