#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

/// Prepares this program for Start::forkserver and Start::spawn. Call it first thing in main:
///
///     int main(int argc, char** argv) {
///         procpool::init(argc, argv);
///
/// It starts a small process, a clean image of the program before any other thread exists, from
/// which pools then get their workers: whatever threads the program has later, no lock is ever
/// stuck in a worker. In a program started anew for a pool with Start::spawn it does not return:
/// that process serves the pool. Pools work without it, by Start::fork.
///
/// Calling it again does nothing. Throws std::logic_error when other threads exist already,
/// std::system_error when the process cannot be started. Costs a fork, and then some 100 KiB of
/// memory for as long as the program runs.
void init(int argc, const char* const* argv);

PROCPOOL_END_NAMESPACE
