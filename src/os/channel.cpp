#include "os/channel.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/socket.h>

#include "os/fault.hpp"
#include "os/refusal.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

namespace {

constexpr std::size_t most_descriptors = 4;
constexpr std::size_t longest_message = std::size_t{128} << 10U;

using Control = std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))>;

}  // namespace

Channel make_channel() {
    std::array<int, 2> ends{};
    if (call(Call::make_pipe, [&] {
            return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data());
        }) != 0) {
        const int error = errno;
        throw std::system_error(
            error, std::generic_category(),
            "procpool: cannot make a channel" + why_refused("socketpair", error));
    }
    Channel channel{above_standard_streams(Fd(ends[0])), above_standard_streams(Fd(ends[1]))};
    if (!channel.ours || !channel.theirs) {
        const int error = errno;
        throw std::system_error(error, std::generic_category(),
                                "procpool: cannot keep a channel" + why_refused("fcntl", error));
    }
    return channel;
}

bool send(const Fd& channel, std::span<const std::byte> bytes,
          const std::vector<int>& descriptors) noexcept {
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty() && descriptors.size() <= most_descriptors) {
        const std::size_t size = descriptors.size() * sizeof(int);
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(size);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(header), descriptors.data(), size);
    }
    return call_through_signals(Call::write, [&] {
               return ::sendmsg(channel.get(), &message, MSG_NOSIGNAL);
           }) == static_cast<ssize_t>(bytes.size());
}

Message receive(const Fd& channel) {
    Message received;
    received.bytes.resize(longest_message);
    iovec part{received.bytes.data(), received.bytes.size()};
    alignas(cmsghdr) Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = call_through_signals(
        Call::read, [&] { return ::recvmsg(channel.get(), &message, MSG_CMSG_CLOEXEC); });
    received.bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    for (cmsghdr* header = got >= 0 ? CMSG_FIRSTHDR(&message) : nullptr; header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
            received.descriptors.push_back(above_standard_streams(Fd(descriptor)));
        }
    }
    return received;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
