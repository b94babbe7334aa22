#pragma once

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The ends of the pipes by which fork servers learn that the client is gone. A copy in any other
/// process would keep a fork server from noticing. So no process keeps one: fork servers call
/// `close_all`, an atfork handler closes them in children that the program forks, and an exec does
/// because they are close-on-exec.
namespace os::lifelines {

void add(int descriptor);
void remove(int descriptor) noexcept;
/// Adds a descriptor for as long as it lives.
class Held {
public:
    explicit Held(int descriptor) : descriptor_(descriptor) { add(descriptor); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { remove(descriptor_); }

private:
    int descriptor_;
};

/// In a forked child: closes every one that the parent held.
void close_all() noexcept;

}  // namespace os::lifelines
PROCPOOL_END_NAMESPACE
