#include "tasks.hpp"

#include <atomic>
#include <cstring>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "system.hpp"

namespace lecture {

double subtract(double x, Seconds sleep) {
    std::this_thread::sleep_for(sleep);
    return x * x;
}

double churn(double x, std::uint32_t rounds) {
    for (std::uint32_t i = 0; i < rounds; ++i) {
        x = x * 1.0000001 + 1e-9;
    }
    return x;
}

std::uint32_t rounds_for(double seconds) {
    constexpr std::uint32_t probe = 2'000'000;
    volatile double keep = 1;
    const double took = least_of(9, [&] { keep = churn(keep, probe); });
    return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(probe * seconds / took));
}

double ask(double x, std::uint16_t port) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        throw_errno("socket");
    }
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
        throw_errno("connect");
    }
    if (::send(socket.get(), &x, sizeof x, MSG_NOSIGNAL) != sizeof x) {
        throw_errno("send");
    }
    double answer = 0;
    if (::recv(socket.get(), &answer, sizeof answer, MSG_WAITALL) != sizeof answer) {
        throw_errno("recv");
    }
    return answer;
}

namespace {

std::atomic<int> empty_numbers = 0;

int to_number(const std::string& digits) noexcept {
    return std::stoi(digits);  // throws if there are none
}

}  // namespace

// Without the sanitizer, which would find the null pointer before it is used.
[[gnu::no_sanitize("undefined")]] int parse(const std::string& line) {
    const char* equals = std::strchr(line.c_str(), '=');
    const char* number = *equals == '=' ? equals + 1 : equals;
    number += std::strspn(number, " ");
    int sum = 0;
    while (*number != '\0') {
        const char* end = number + std::strcspn(number, ",");
        if (end == number) {  // meant to skip an empty number
            ++empty_numbers;
            continue;
        }
        sum += to_number(std::string(number, end));
        number = *end == ',' ? end + 1 : end;
    }
    return sum;
}

std::vector<std::string> lines_to_parse(std::size_t count) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) {
        lines.push_back("item " + std::to_string(i) + " = " + std::to_string(i) + ",1");
    }
    const auto bad = bad_lines(count);
    lines.at(bad.null_dereference) = "item " + std::to_string(bad.null_dereference);
    lines.at(bad.terminate) = "item " + std::to_string(bad.terminate) + " = 1,two";
    lines.at(bad.endless_loop) = "item " + std::to_string(bad.endless_loop) + " = 1,,2";
    return lines;
}

BadLines bad_lines(std::size_t count) {
    return {.null_dereference = count * 217 / 1000,
            .terminate = count * 500 / 1000,
            .endless_loop = count * 871 / 1000};
}

}  // namespace lecture
