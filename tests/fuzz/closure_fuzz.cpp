#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/detail/closure.hpp>
#include <procpool/errors.hpp>

#include "fuzz.hpp"

// The opening of callables: what they are made of is read, and they are not called.

namespace procpool::fuzz {
namespace {

struct Scale {
    std::string name;
    std::vector<double> factors;
    double operator()(int i) const { return factors.at(static_cast<std::size_t>(i)); }
};

using Table = std::map<std::string, int>;
using Text = std::unique_ptr<std::string>;
using Function = double (*)(const std::string&, int, const Table&, const Text&);

using Inner = decltype(bind_back(std::declval<Function>(), Table(), Text()));
using Outer = decltype(bind_front(std::declval<Inner>(), std::string()));
using Simple = decltype(bind_back([](int x, int y) { return x + y; }, 3));

template <class F>
void check(Bytes bytes) {
    try {
        detail::Reader from(bytes);
        const F f = detail::read_closure<F>(from);
        std::vector<std::byte> written;
        detail::write_closure(f, [&](std::size_t size) {
            written.resize(size);
            return written.data();
        });
        require(written.size() <= bytes.size());
    } catch (const DecodeError&) {
        // that is an answer
    }
}

}  // namespace

void decode(Bytes bytes) {
    switch (take_byte(bytes) % 4) {
        case 0:
            return check<Scale>(bytes);
        case 1:
            return check<Inner>(bytes);
        case 2:
            return check<Outer>(bytes);
        default:
            return check<Simple>(bytes);
    }
}

}  // namespace procpool::fuzz
